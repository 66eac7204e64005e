// Whether two files hold the same objects, but for what a chart adds: `compare.mjs KUSTOMIZE HELM`.
import { deepStrictEqual } from 'node:assert'
import { readFileSync } from 'node:fs'
import { loadAll } from 'js-yaml'

const OF_HELM = ['helm.sh/chart', 'app.kubernetes.io/instance', 'app.kubernetes.io/version', 'app.kubernetes.io/managed-by']

// Without the labels that only Helm gives, the image's tag, and defaults that the chart spells out.
function bare(value, key) {
  if (Array.isArray(value)) return value.map(item => bare(item))
  if (key === 'image') return value.replace(/:.*/, '')
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !OF_HELM.includes(name) && !['imagePullPolicy', 'scheme'].includes(name))
      .map(([name, item]) => [name, bare(item, name)]),
  )
}

function objects(file) {
  const entries = loadAll(readFileSync(file, 'utf8')).map(object => {
    const { labels, ...metadata } = object.metadata
    return [`${object.kind} ${metadata.name}`, bare({ ...object, metadata })]
  })
  return Object.fromEntries(entries.sort())
}

try {
  deepStrictEqual(objects(process.argv[3]), objects(process.argv[2]))
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
console.log(`${process.argv.slice(2).map(name => name.replace(/.*\//, '')).join(' and ')} hold the same objects`)
