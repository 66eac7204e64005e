// What no schema says of a compose file (the first argument): that what it mounts and builds from is
// there, and that its ports are open to this machine alone.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'

const file = process.argv[2]
const here = dirname(resolve(file))
const { services } = parse(readFileSync(file, 'utf8'))
const wrong = []
for (const [name, { build, ports = [], volumes = [] }] of Object.entries(services)) {
  const paths = volumes.filter(volume => volume.startsWith('.')).map(volume => volume.split(':')[0])
  if (build) paths.push(build.context, `${build.context}/${build.dockerfile}`)
  for (const path of paths) if (!existsSync(resolve(here, path))) wrong.push(`${name}: there is no ${path}`)
  for (const port of ports) if (!port.startsWith('127.0.0.1:')) wrong.push(`${name}: ${port} is open to others`)
}
for (const sentence of wrong) console.error(sentence)
process.exit(wrong.length ? 1 : 0)
