// Validates Kubernetes objects (YAML on standard input) against the schemas of their kinds.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadAll } from 'js-yaml'

const require = createRequire(import.meta.url)
let wrong = 0
for (const object of loadAll(readFileSync(0, 'utf8'))) {
  try {
    const Kind = require(`kubernetes-models/${object.apiVersion}/${object.kind}`)[object.kind]
    new Kind(object).validate()
    console.log(`${object.kind} ${object.metadata.name} is valid`)
  } catch (error) {
    console.error(`${object.kind} ${object.metadata?.name}: ${error.message}`)
    wrong = 1
  }
}
process.exit(wrong)
