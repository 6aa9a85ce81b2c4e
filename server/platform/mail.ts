// Handing mails to the SMTP server. Without one, mails stay in the mailbox in the database, which staff can read.
import { createTransport } from 'nodemailer'

export type MailAddress = { name?: string | null; address: string }

export type MailAttachment = {
  filename: string
  content: Buffer
  content_type: string
  /** Set for an image that the HTML shows as `cid:…`. */
  cid?: string
}

export type MailMessage = {
  to: MailAddress
  /** Shown as the sender instead of the configured name: the business unit. The address stays ours. */
  from_name?: string | null
  reply_to?: MailAddress | null
  subject: string
  html: string
  text: string
  attachments?: MailAttachment[]
  /** Our own id of the mail, so that a reply, or a second delivery of the same job, can be recognised. */
  message_id?: string
}

export type Delivery = { state: 'sent'; message_id: string } | { state: 'kept' }

export type Mailer = {
  /**
   * Sends one mail. `kept`: there is no SMTP server. Throws what the server said (its `responseCode` is 4xx or
   * 5xx) or that it was out of reach, so that the job tries again; throws on an address that is not exactly one.
   */
  deliver: (message: MailMessage) => Promise<Delivery>
  /** Closes the connections once the mails under way are through. */
  close: () => void
}

/** One address and nothing else: no list, no display name, no line break. */
const oneAddress = /^[^\s<>()[\]\\,;:"@\p{Cc}]+@[^\s<>()[\]\\,;:"@\p{Cc}]+$/u

/** Control characters become spaces, so that no value can begin a header of its own. */
const headerText = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()

function parseAddress({ name, address }: MailAddress): { name: string; address: string } {
  if (address.length > 254 || !oneAddress.test(address)) {
    throw new Error(`Not one mail address: ${JSON.stringify(address)}`)
  }
  return { name: headerText(name ?? ''), address }
}

/** `Name <address>` or an address alone, as configuration writes it. */
function parseSender(from: string): { name: string; address: string } {
  const match = /^\s*(?:"?([^"<]*?)"?\s*)<([^<>]+)>\s*$/.exec(from)
  return match ? parseAddress({ name: match[1], address: match[2]! }) : parseAddress({ address: from.trim() })
}

/**
 * The way out for mails. `smtpUrl`: `smtp://user:password@host:587` or `smtps://…`; null keeps every mail.
 * `from`: `Name <address>` or an address. Throws at once if `from` is not one address.
 */
export function createMailer({ smtpUrl, from }: { smtpUrl: string | null; from: string }): Mailer {
  const sender = parseSender(from)
  if (smtpUrl === null) return { deliver: async () => ({ state: 'kept' }), close: () => {} }

  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: 5,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    // A mail is what it was given: nothing in it makes us read a file or open an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  })

  return {
    async deliver(message) {
      const sent = await transport.sendMail({
        from: { ...sender, name: headerText(message.from_name ?? '') || sender.name },
        to: parseAddress(message.to),
        replyTo: message.reply_to ? parseAddress(message.reply_to) : undefined,
        subject: headerText(message.subject),
        html: message.html,
        text: message.text,
        messageId: message.message_id ? `<${message.message_id.replace(/[^\w.@+=-]/g, '')}>` : undefined,
        attachments: message.attachments?.map(({ filename, content, content_type, cid }) => ({
          filename: headerText(filename).replace(/[\\/]/g, '-'),
          content,
          contentType: headerText(content_type),
          ...(cid ? { cid: headerText(cid), contentDisposition: 'inline' as const } : {}),
        })),
        // Nobody's holiday answer needs to come back to us (RFC 3834).
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      })
      return { state: 'sent', message_id: sent.messageId }
    },
    close: () => transport.close(),
  }
}
