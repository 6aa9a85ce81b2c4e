// A thread that prints: whatever comes is printed one after the other, and what cannot be printed is said.
import { parentPort } from 'node:worker_threads'
import { printDocument } from './invoice-pdf.ts'
import type { PrintAnswer, PrintOrder } from './printing.ts'
import { printStatement } from './statement-pdf.ts'

const port = parentPort
if (!port) throw new Error('This file runs as a thread of the server')

port.on('message', ({ looks, pieces }: PrintOrder) => {
  const answers = pieces.map(({ look, ...piece }): PrintAnswer => {
    try {
      const shown = looks[look]!
      const pdf =
        'document' in piece ? printDocument(piece.document, shown) : printStatement(piece.statement, shown)
      // Bytes of its own: a small buffer shares its memory with others, and could not be handed over.
      return { pdf: new Uint8Array(pdf) }
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) }
    }
  })
  port.postMessage(
    { answers },
    answers.flatMap((answer) => ('pdf' in answer ? [answer.pdf.buffer as ArrayBuffer] : [])),
  )
})
