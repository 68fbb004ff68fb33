// A disk of a few megabytes that a test can fill: a file system in memory, in a namespace of its
// own, which ends with the process that holds it, however that ends. Needs no rights.
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$0" && echo mounted && exec cat'

/** null where the system lets nobody make a namespace. */
export async function startSmallDisk(bytes) {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-disk-'))
  const namespace = ['--user', '--map-root-user', '--mount']
  const holder = spawn('unshare', [...namespace, 'sh', '-c', MOUNT, folder, `${bytes}`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = new Promise((resolve) => {
    holder.once('error', resolve)
    holder.once('close', resolve)
  })
  const mounted = new Promise((resolve) => holder.stdout.once('data', () => resolve(true)))
  if ((await Promise.race([mounted, ended])) !== true) {
    rmdirSync(folder)
    return null
  }
  const filler = `/proc/${holder.pid}/root${folder}/filler`
  return {
    folder,
    /** What to start a program with, so that it sees the disk at `folder`. */
    entrance: ['nsenter', `--target=${holder.pid}`, '--user', '--mount', '--preserve-credentials'],
    /** From here on nothing more fits. */
    fill() {
      const file = openSync(filler, 'a')
      for (const bytes of [65_536, 4_096]) while (isTaken(file, bytes));
      closeSync(file)
    },
    free() {
      rmSync(filler, { force: true })
    },
    async stop() {
      holder.stdin.end()
      await ended
      rmdirSync(folder)
    },
  }
}

function isTaken(file, bytes) {
  try {
    return writeSync(file, Buffer.alloc(bytes)) === bytes
  } catch (error) {
    if (error.code === 'ENOSPC') return false
    throw error
  }
}
