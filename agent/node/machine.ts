/**
 * Facts about this machine: read once from systeminformation and /proc, where each is cheaper.
 * Source: proc(5), machine-id(5)
 */
import { readFile, statfs } from 'node:fs/promises'
import { availableParallelism, hostname, release, totalmem } from 'node:os'

export interface Machine {
  readonly hostname: string
  readonly cpuCount: number
  readonly memoryBytes: number
  /** Of the file system that holds the agent's data. */
  readonly diskBytes: number
  readonly machineID: string
  readonly systemUUID: string
  readonly bootID: string
  readonly kernelVersion: string
  /** `Debian GNU/Linux 12 (bookworm)` */
  readonly osImage: string
  /** `amd64`, `arm64`: Go's names. */
  readonly architecture: string
}

const GOARCH: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  arm: 'arm',
  arm64: 'arm64',
}

export async function readMachine(dataDirectory: string): Promise<Machine> {
  const [machineID, bootID, osRelease, disk, uuid] = await Promise.all([
    readLine('/etc/machine-id'),
    readLine('/proc/sys/kernel/random/boot_id'),
    readLine('/etc/os-release', 'whole'),
    statfs(dataDirectory),
    systemUUID(),
  ])
  return {
    hostname: hostname(),
    cpuCount: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    machineID: machineID === '' ? uuid.replaceAll('-', '') : machineID,
    systemUUID: uuid === '' ? machineID : uuid,
    bootID,
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/mu.exec(osRelease)?.[1] ?? 'Linux',
    architecture: GOARCH[process.arch] ?? process.arch,
  }
}

/** Firmware's own number; virtual machines and containers may have none. */
async function systemUUID(): Promise<string> {
  const fromFirmware = await readLine('/sys/class/dmi/id/product_uuid')
  if (fromFirmware !== '') return fromFirmware
  const { default: information } = await import('systeminformation')
  const { hardware, os } = await information.uuid()
  return hardware === '' || hardware === '-' ? os : hardware
}

async function readLine(path: string, how: 'line' | 'whole' = 'line'): Promise<string> {
  try {
    const text = await readFile(path, 'utf8')
    return how === 'whole' ? text : text.trim()
  } catch {
    // not every machine has every file; '' says so
    return ''
  }
}

export interface Usage {
  readonly memoryAvailableBytes: number
  /** Shares 0 to 1. */
  readonly diskAvailable: number
  readonly inodesAvailable: number
  readonly processes: number
  readonly processesMax: number
}

/** What the pressure conditions are decided from. */
export async function readUsage(dataDirectory: string): Promise<Usage> {
  const [meminfo, disk, loadavg, pidMax] = await Promise.all([
    readLine('/proc/meminfo', 'whole'),
    statfs(dataDirectory),
    readLine('/proc/loadavg'),
    readLine('/proc/sys/kernel/pid_max'),
  ])
  const available = /^MemAvailable:\s+(\d+) kB/mu.exec(meminfo)?.[1]
  return {
    memoryAvailableBytes: Number(available ?? 0) * 1024,
    diskAvailable: disk.blocks === 0 ? 1 : disk.bavail / disk.blocks,
    inodesAvailable: disk.files === 0 ? 1 : disk.ffree / disk.files,
    processes: Number(/\/(\d+)/u.exec(loadavg)?.[1] ?? 0),
    processesMax: Number(pidMax === '' ? 32_768 : pidMax),
  }
}
