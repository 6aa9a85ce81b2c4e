import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from './errors.ts'
import { problemOf } from './problems.ts'
import { chooseLanguage } from './translations.ts'

/** Bytes as an answer (a PDF, an image, a download). */
export class Binary {
  readonly bytes: Buffer | NodeJS.ReadableStream
  readonly media_type: string
  readonly file_name: string
  readonly inline: boolean
  /** How long whoever may see it may keep it, in seconds; 0: not at all. */
  readonly kept_seconds: number
  constructor(
    bytes: Buffer | NodeJS.ReadableStream,
    media_type: string,
    file_name: string,
    inline = false,
    keptSeconds = 0,
  ) {
    this.bytes = bytes
    this.media_type = media_type
    this.file_name = file_name
    this.inline = inline
    this.kept_seconds = keptSeconds
  }
}
/** A refusal as problem+json in the language of whoever asked. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal) {
  const language = chooseLanguage(request.headers['accept-language'] ?? null, 'en')
  return reply
    .code(refusal.status)
    .type('application/problem+json')
    .serializer((text) => text as string)
    .send(JSON.stringify(problemOf(refusal, language, request.id)))
}

/** Bytes, harmless whatever they hold. */
export function sendBinary(reply: FastifyReply, binary: Binary) {
  if (binary.kept_seconds > 0)
    reply.header('cache-control', `private, max-age=${binary.kept_seconds}, immutable`)
  const name = binary.file_name.replaceAll(/[^\w.\- ]/g, '_')
  return (
    reply
      .type(binary.media_type)
      .header(
        'content-disposition',
        `${binary.inline ? 'inline' : 'attachment'}; filename="${name}"; filename*=UTF-8''${encodeURIComponent(binary.file_name)}`,
      )
      // Whatever a file holds, opened in a browser it can do nothing. Only our own pages frame what is shown inline,
      // and its links open beside it.
      .header(
        'content-security-policy',
        binary.inline
          ? "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
          : "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      )
      .header('x-frame-options', binary.inline ? 'SAMEORIGIN' : 'DENY')
      .serializer((bytes) => bytes as string)
      .send(binary.bytes)
  )
}
