// Images on their way to a server that answers as the test says.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { TuttiError } from '../../src/errors.js'
import {
  fileUrl,
  fitInto,
  hashOf,
  hex,
  imageType,
  upload,
  type FileRoom,
} from '../../src/board/files.js'

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const image = new Blob([Uint8Array.from([...PNG, 1, 2, 3, 4, 5])])
const imageHash = createHash('sha256')
  .update(Uint8Array.from([...PNG, 1, 2, 3, 4, 5]))
  .digest()

type Script = { status: number; body?: string; headers?: Record<string, string> }[]

let server: Server
let port: number
let script: Script
let asked: { path: string; method: string; body: Buffer }[]

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

before(async () => {
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      asked.push({ path: request.url!, method: request.method!, body })
      const hash = createHash('sha256').update(body).digest('hex')
      const answer = script.shift() ?? { status: 201, body: JSON.stringify({ hash }) }
      if (answer.status === 0) request.socket.destroy()
      else response.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
beforeEach(() => {
  script = []
  asked = []
})
after(() => server.close())

/** As much of a room as files need. */
function roomAt(status: FileRoom['status'] = 'live') {
  const watching = new Set<() => void>()
  return {
    url: `ws://127.0.0.1:${port}/v1/rooms/lobby?token=x`,
    status,
    on(_name: string, handler: () => void) {
      watching.add(handler)
      return () => watching.delete(handler)
    },
    become(status: FileRoom['status']) {
      this.status = status
      for (const handler of [...watching]) handler()
    },
    watching,
  }
}
const asRoom = (room: ReturnType<typeof roomAt>) => room as unknown as FileRoom

test('an address is made of the room and the hash', () => {
  const room = { url: 'wss://example.com/tutti/v1/rooms/lobby?token=x' }
  assert.equal(
    fileUrl(room, imageHash),
    `https://example.com/tutti/v1/rooms/lobby/files/${imageHash.toString('hex')}`,
  )
})

test('what is sent comes back by its hash', async () => {
  const room = roomAt()
  const hash = await upload(asRoom(room), image)
  assert.deepEqual(Buffer.from(hash), imageHash)
  assert.deepEqual(asked[0]!.path, '/v1/rooms/lobby/files')
  assert.equal(asked[0]!.method, 'POST')
  assert.equal(asked[0]!.body.length, image.size)
  assert.equal(room.watching.size, 0)
  // Node 18 and pages without TLS cannot hash.
  const own = await hashOf(image)
  assert.equal(own && hex(own), globalThis.crypto?.subtle === undefined ? null : hex(hash))
})

test('while there is no connection it waits', async () => {
  const room = roomAt('offline')
  const done = upload(asRoom(room), image)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(asked.length, 0)
  room.become('connecting')
  room.become('live')
  await done
  assert.equal(asked.length, 1)
  assert.equal(room.watching.size, 0)
})

test('what may go well later is tried again', async () => {
  script = [
    { status: 503, headers: { 'retry-after': '0' } },
    { status: 429, headers: { 'retry-after': '0' } },
  ]
  await upload(asRoom(roomAt()), image)
  assert.equal(asked.length, 3)
})

test('a connection that breaks is tried again', async () => {
  script = [{ status: 0 }]
  await upload(asRoom(roomAt()), image)
  assert.equal(asked.length, 2)
})

test('what is vain is said, in the words of the server', async () => {
  const cases: [number, string][] = [
    [400, 'malformed'],
    [403, 'forbidden'],
    [413, 'limit'],
    [415, 'type'],
    [507, 'full'],
  ]
  for (const [status, expected] of cases) {
    script = [{ status, body: 'because' }]
    await assert.rejects(upload(asRoom(roomAt()), image), (error: unknown) => {
      assert.ok(error instanceof TuttiError)
      assert.deepEqual([error.status, error.message, error.code], [expected, 'because', status])
      return true
    })
  }
})

test('it ends when it is told to, whatever it waits for', async () => {
  const reason = new Error('enough')
  for (const status of ['offline', 'live'] as const) {
    const ending = new AbortController()
    const room = roomAt(status)
    script = [{ status: 503 }]
    const done = upload(asRoom(room), image, { signal: ending.signal })
    setTimeout(() => ending.abort(reason), 100)
    await assert.rejects(done, reason)
    assert.equal(room.watching.size, 0)
  }
  await assert.rejects(
    upload(asRoom(roomAt()), image, { signal: AbortSignal.abort(reason) }),
    reason,
  )
})

test('it ends when the room is left', async () => {
  const room = roomAt('offline')
  const done = upload(asRoom(room), image)
  room.become('closed')
  await assert.rejects(done, { status: 'closed' })
})

test('images are known by how they begin', async () => {
  const cases: [number[], string | null][] = [
    [PNG, 'image/png'],
    [[0xff, 0xd8, 0xff, 0xe0], 'image/jpeg'],
    [[...Buffer.from('GIF89a')], 'image/gif'],
    [[...Buffer.from('RIFF1234WEBP')], 'image/webp'],
    [[...Buffer.from('RIFF1234WAVE')], null],
    [[...Buffer.from('<svg xmlns=')], null],
    [[], null],
  ]
  for (const [bytes, type] of cases) {
    assert.equal(await imageType(new Blob([Uint8Array.from(bytes)])), type)
  }
})

test('what is too large keeps its shape', () => {
  assert.deepEqual(fitInto(100, 50, 4096), [100, 50])
  assert.deepEqual(fitInto(4096, 4096, 4096), [4096, 4096])
  assert.deepEqual(fitInto(8192, 4097, 4096), [4096, 2049])
  assert.deepEqual(fitInto(3, 9000, 4096), [1, 4096])
})
