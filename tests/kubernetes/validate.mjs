// Validates Kubernetes objects (YAML on standard input) against the schemas of their kinds.
import { readFileSync } from 'node:fs'
import { loadAll } from 'js-yaml'

let wrong = 0
for (const object of loadAll(readFileSync(0, 'utf8'))) {
  const { apiVersion, kind, metadata } = object
  const models = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'
  try {
    const { [kind]: Kind } = await import(`${models}/${apiVersion}`)
    new Kind(object).validate()
    console.log(`${kind} ${metadata.name} is valid`)
  } catch (error) {
    console.error(`${kind} ${metadata?.name}: ${error.message}`)
    wrong = 1
  }
}
process.exit(wrong)
