import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMailer, type Mailer } from './mail.ts'

type Received = { from: string; to: string[]; raw: Buffer; mail: Email }

const received: Received[] = []
let connections = 0
let server: SMTPServer
let mailer: Mailer
let url: string

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onConnect(_session, done) {
      connections++
      done()
    },
    onRcptTo({ address }, _session, done) {
      if (!address.startsWith('nobody@')) return done()
      done(Object.assign(new Error('No such mailbox'), { responseCode: 550 }))
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const raw = Buffer.concat(chunks)
        const { mailFrom, rcptTo } = session.envelope
        received.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          raw,
          mail: await PostalMime.parse(raw),
        })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  mailer = createMailer({ smtpUrl: url, from: 'Zaguan <billing@zaguan.example>' })
})

afterAll(async () => {
  mailer.close()
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

const message = {
  to: { name: 'João Conceição', address: 'joao@cliente.example' },
  subject: 'Sua fatura nº 000123 — período de março ✓',
  html: '<p>Olá, <b>João</b>: R$ 1.234,56</p>',
  text: 'Olá, João: R$ 1.234,56\n\n.\numa linha com um ponto antes',
}

async function send(mail: Parameters<Mailer['deliver']>[0]): Promise<Received> {
  received.length = 0
  const delivery = await mailer.deliver(mail)
  expect(delivery.state).toBe('sent')
  expect(received).toHaveLength(1)
  return received[0]!
}

describe('createMailer', () => {
  it('sends both parts, attachments and images in UTF-8', async () => {
    const pdf = Buffer.from('%PDF-1.7 não é um pdf\n\0\u00ff', 'latin1')
    const logo = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3])
    const { from, to, mail } = await send({
      ...message,
      from_name: 'Ponte Fibra São Paulo',
      reply_to: { name: 'Atendimento', address: 'ajuda@pontefibra.example' },
      message_id: '0199-abc@zaguan.example',
      attachments: [
        { filename: 'fatura março.pdf', content: pdf, content_type: 'application/pdf' },
        { filename: 'logo.png', content: logo, content_type: 'image/png', cid: 'logo' },
      ],
    })
    expect(from).toBe('billing@zaguan.example')
    expect(to).toEqual(['joao@cliente.example'])
    expect(mail.subject).toBe(message.subject)
    expect(mail.from).toMatchObject({ name: 'Ponte Fibra São Paulo', address: 'billing@zaguan.example' })
    expect(mail.to).toMatchObject([{ name: 'João Conceição', address: 'joao@cliente.example' }])
    expect(mail.replyTo).toMatchObject([{ name: 'Atendimento', address: 'ajuda@pontefibra.example' }])
    expect(mail.messageId).toBe('<0199-abc@zaguan.example>')
    expect(mail.html?.trim()).toBe(message.html)
    expect(mail.text?.trim()).toBe(message.text)
    expect(mail.attachments).toHaveLength(2)
    // The image stands with the HTML that shows it, before the attachments.
    const [second, first] = mail.attachments
    expect(first).toMatchObject({ filename: 'fatura março.pdf', mimeType: 'application/pdf' })
    expect(Buffer.from(first?.content as ArrayBuffer).equals(pdf)).toBe(true)
    expect(second).toMatchObject({ contentId: '<logo>', disposition: 'inline' })
    expect(mail.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated')
  })

  it('lets no value begin a header or name another recipient', async () => {
    const { to, mail, raw } = await send({
      ...message,
      to: { name: 'Eve\r\nBcc: victim@else.example', address: 'eve@cliente.example' },
      from_name: 'Unit"\r\nX-Evil: 1',
      subject: 'Hello\r\nBcc: victim@else.example\r\n\r\n<h1>body</h1>',
      message_id: 'a@b>\r\nX-Evil: 2',
      attachments: [
        {
          filename: '../a\r\nX-Evil: 3.pdf',
          content: Buffer.from('x'),
          content_type: 'text/plain\r\nX-Evil: 4',
        },
      ],
    })
    expect(to).toEqual(['eve@cliente.example'])
    expect(mail.bcc ?? []).toEqual([])
    expect(mail.subject).toBe('Hello Bcc: victim@else.example <h1>body</h1>')
    expect(raw.toString()).not.toMatch(/^X-Evil|^Bcc/im)
    expect(mail.attachments[0]?.filename).not.toMatch(/[\\/\r\n]/)
  })

  it.each([
    'a@b.example, victim@else.example',
    'a@b.example\r\nRCPT TO:<victim@else.example>',
    'Name <a@b.example>',
    'a@b.example;c@d.example',
    '',
    'nothing',
    `${'a'.repeat(250)}@b.example`,
  ])('refuses %j as an address', async (address) => {
    await expect(mailer.deliver({ ...message, to: { address } })).rejects.toThrow('Not one mail address')
    await expect(mailer.deliver({ ...message, reply_to: { address } })).rejects.toThrow(
      'Not one mail address',
    )
  })

  it('reuses its connections', async () => {
    const before = connections
    for (let i = 0; i < 10; i++) await send(message)
    expect(connections - before).toBeLessThanOrEqual(1)
  })

  it('says what the server answered, and that it is out of reach', async () => {
    await expect(
      mailer.deliver({ ...message, to: { address: 'nobody@cliente.example' } }),
    ).rejects.toMatchObject({ responseCode: 550 })
    const nowhere = createMailer({ smtpUrl: 'smtp://127.0.0.1:1', from: 'a@b.example' })
    await expect(nowhere.deliver(message)).rejects.toThrow(/ECONNREFUSED/)
    nowhere.close()
  })

  it('keeps the mail where there is no server', async () => {
    const none = createMailer({ smtpUrl: null, from: 'a@b.example' })
    expect(await none.deliver(message)).toEqual({ state: 'kept' })
    none.close()
  })

  it('refuses a sender that is not one address', () => {
    expect(() => createMailer({ smtpUrl: null, from: 'nobody' })).toThrow('Not one mail address')
    expect(() => createMailer({ smtpUrl: null, from: 'A <a@b.example, c@d.example>' })).toThrow()
  })
})
