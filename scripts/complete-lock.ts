// A registry that mirrors only some platforms leaves the others' optional packages out of package-lock.json, and then `npm ci`
// refuses the file everywhere. This adds them by name and version, with the platform that their name says; npm fetches
// only its own. Run it after a dependency changed; with --check it only says what is missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Entry = {
  version?: string
  dev?: boolean
  devOptional?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const file = join(import.meta.dirname, '../package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> }
const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'win32',
  'openharmony',
  'aix',
  'netbsd',
  'openbsd',
  'sunos',
]
const processors = [
  'arm64',
  'x64',
  'ia32',
  'arm',
  'ppc64',
  's390x',
  'riscv64',
  'loong64',
  'mips64el',
  'wasm32',
]

/** The package that `name` means when `from` asks for it: the nearest node_modules upwards. */
function resolve(from: string, name: string): Entry | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf('/node_modules/'), 0))) {
    const found = lock.packages[`${base ? `${base}/` : ''}node_modules/${name}`]
    if (found || base === '') return found
  }
}

function describePlatform(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[-/@]/)
  const linux = words.some((word) => word.startsWith('linux'))
  const os = linux ? 'linux' : systems.find((one) => words.includes(one))
  const cpu = /eabi/.test(name) ? 'arm' : processors.find((one) => words.includes(one))
  const libc = linux ? (/musl/.test(name) ? 'musl' : /gnu/.test(name) ? 'glibc' : undefined) : undefined
  return { ...(os ? { os: [os] } : {}), ...(cpu ? { cpu: [cpu] } : {}), ...(libc ? { libc: [libc] } : {}) }
}

const added: string[] = []
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const found = resolve(path, name)
    if (found && (found.version === version || /^[~^>*]/.test(version))) continue
    const exact = version.replace(/^[~^=]+/, '')
    const top = `node_modules/${name}`
    lock.packages[lock.packages[top] ? `${path}/${top}` : top] = {
      version: exact,
      ...(entry.dev ? { dev: true } : {}),
      ...(entry.devOptional ? { devOptional: true } : {}),
      optional: true,
      ...describePlatform(name),
    }
    added.push(`${name}@${exact}`)
  }
}
if (process.argv.includes('--check')) {
  if (added.length > 0) {
    console.error(`package-lock.json lacks ${added.join(', ')}. Run node scripts/complete-lock.ts.`)
    process.exitCode = 1
  }
} else if (added.length > 0) {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`Added ${added.length} packages of other platforms`)
}
