// Printing beside everything else: documents are laid out by threads of their own, so that nothing waits for them.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { PrintLook } from './document-sheet.ts'
import type { PrintableDocument } from './invoice-pdf.ts'
import type { PrintableStatement } from './statement-pdf.ts'

/** What is to be printed; `look` is the place of its look in the order's list. */
export type PrintPiece =
  | { look: number; document: PrintableDocument }
  | { look: number; statement: PrintableStatement }

export type PrintOrder = { looks: readonly PrintLook[]; pieces: readonly PrintPiece[] }

export type PrintAnswer = { pdf: Uint8Array } | { fault: string }

type Waiting = {
  order: PrintOrder
  resolve: (answers: PrintAnswer[]) => void
  reject: (error: Error) => void
}

type Thread = { worker: Worker; current: Waiting | null; idle: NodeJS.Timeout | null }

/** One processor is left to everything else. */
const mostThreads = Math.max(1, Math.min(3, availableParallelism() - 1))
/** A thread without work for so long is ended: it holds some 60 MB. */
const idleMilliseconds = 60_000

const threads: Thread[] = []
const queue: Waiting[] = []

/**
 * Prints in another thread: an answer for each piece, in their order. Orders are worked off as they come; whoever has many
 * documents sends some 25 at a time and waits, so that others come in between. Rejects where the thread itself broke: the
 * next order gets a new one.
 */
export function print(order: PrintOrder): Promise<PrintAnswer[]> {
  return new Promise((resolve, reject) => {
    queue.push({ order, resolve, reject })
    assign()
  })
}

function assign(): void {
  while (queue.length > 0) {
    const thread = threads.find(({ current }) => current === null) ?? startThread()
    if (!thread) return
    const waiting = queue.shift()!
    if (thread.idle) clearTimeout(thread.idle)
    thread.idle = null
    try {
      thread.worker.postMessage(waiting.order)
    } catch (error) {
      // What no thread can take is the fault of its order alone.
      waiting.reject(error as Error)
      continue
    }
    thread.current = waiting
    thread.worker.ref()
  }
}

function startThread(): Thread | null {
  if (threads.length >= mostThreads) return null
  const worker = new Worker(new URL('./print-worker.ts', import.meta.url), {
    name: 'printing',
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  })
  const thread: Thread = { worker, current: null, idle: null }
  threads.push(thread)
  const end = (error: Error) => {
    const at = threads.indexOf(thread)
    if (at < 0) return
    threads.splice(at, 1)
    if (thread.idle) clearTimeout(thread.idle)
    thread.current?.reject(error)
    thread.current = null
    assign()
  }
  worker.on('message', ({ answers }: { answers: PrintAnswer[] }) => {
    const done = thread.current
    thread.current = null
    // A thread that waits keeps no process alive.
    worker.unref()
    thread.idle = setTimeout(() => void worker.terminate(), idleMilliseconds).unref()
    done?.resolve(answers)
    assign()
  })
  worker.on('error', end)
  worker.on('exit', () => end(new Error('the printing thread ended')))
  return thread
}
