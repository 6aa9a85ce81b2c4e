import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** A real SMTP server that keeps what it gets. */
export type TestSmtp = {
  url: string
  mails: Email[]
  /** The answer to each recipient: null takes the mail, a code such as 451 or 550 refuses it. */
  answer: (address: string) => number | null
  close(): Promise<void>
}

export async function startTestSmtp(): Promise<TestSmtp> {
  const mails: Email[] = []
  const self: TestSmtp = { url: '', mails, answer: () => null, close: async () => undefined }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo(address, _session, done) {
      const code = self.answer(address.address)
      done(code === null ? null : Object.assign(new Error('not now'), { responseCode: code }))
    },
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        PostalMime.parse(Buffer.concat(chunks)).then((mail) => {
          mails.push(mail)
          done()
        }, done)
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  self.url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  self.close = () => new Promise((resolve) => server.close(() => resolve()))
  return self
}
