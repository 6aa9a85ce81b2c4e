import type { Config } from '../../platform/config.ts'
import type { FileStore } from '../../platform/files.ts'
import { demand, type JobHandlers, type JobPayload } from '../../platform/jobs.ts'
import type { Mailer } from '../../platform/mail.ts'
import { chooseLanguage } from '../../platform/translations.ts'
import { deliverNotices } from './delivery.ts'
import { queueInvoiceNotices } from './invoices.ts'
import { resendNotice } from './mailbox.ts'
import {
  queueAccountChangeDecided,
  queueOwnershipOffered,
  queueOwnershipTransferred,
  sendMemberInvitation,
} from './members.ts'
import { queuePaymentApproved, queuePaymentNotified, queuePaymentRejected } from './payments.ts'
import { sendInvitation, sendPasswordChanged, sendRequestedPasswordLink } from './personal.ts'

/** So many invoices are one transaction: a closing of thousands holds nothing open for long. */
const invoicesAtOnce = 200

const text = (payload: JobPayload, key: string) => String(payload[key])
const texts = (payload: JobPayload, key: string) => {
  const value = payload[key]
  return Array.isArray(value) ? value : []
}

/** The jobs that write and send mail. */
export function createNoticeJobs(services: {
  config: Config
  mailer: Mailer
  files: FileStore
}): JobHandlers {
  const origin = services.config.publicUrl
  return {
    'notices:send_password_link': async (payload, { transact }) => {
      await transact((tx) =>
        sendRequestedPasswordLink(
          tx,
          {
            side: payload.side === 'staff' ? 'staff' : 'customer',
            email: text(payload, 'email'),
            language: chooseLanguage(text(payload, 'language'), 'en'),
            unit_slug: typeof payload.unit === 'string' ? payload.unit : null,
          },
          origin,
        ),
      )
    },
    'notices:send_invitation': async (payload, { transact }) => {
      await transact((tx) => sendInvitation(tx, text(payload, 'user_id'), origin))
    },
    'notices:send_password_changed': async (payload, { transact, now }) => {
      await transact((tx) => sendPasswordChanged(tx, text(payload, 'user_id'), now(), origin))
    },
    'notices:send_member_invitation': async (payload, { transact }) => {
      await transact((tx) => sendMemberInvitation(tx, text(payload, 'invitation_id'), origin))
    },
    'notices:send_ownership_offered': async (payload, { transact }) => {
      await transact((tx) => queueOwnershipOffered(tx, text(payload, 'transfer_id'), origin))
    },
    'notices:send_ownership_transferred': async (payload, { transact }) => {
      await transact((tx) => queueOwnershipTransferred(tx, text(payload, 'transfer_id'), origin))
    },
    'notices:send_account_change_decided': async (payload, { transact }) => {
      await transact((tx) => queueAccountChangeDecided(tx, text(payload, 'request_id'), origin))
    },
    'notices:send_invoices': async (payload, { transact, stopping }) => {
      const ids = texts(payload, 'invoice_ids')
      for (let at = 0; at < ids.length; at += invoicesAtOnce) {
        // What was written is not written again, so the next attempt goes on here.
        if (stopping()) throw new Error('stopping: the rest is written by the next attempt')
        await transact((tx) => queueInvoiceNotices(tx, ids.slice(at, at + invoicesAtOnce), origin))
      }
    },
    'notices:send_payment_notified': async (payload, { transact }) => {
      await transact((tx) => queuePaymentNotified(tx, text(payload, 'payment_notice_id'), origin))
    },
    'notices:send_payment_approved': async (payload, { transact }) => {
      await transact((tx) => queuePaymentApproved(tx, text(payload, 'payment_id'), origin))
    },
    'notices:send_payment_rejected': async (payload, { transact }) => {
      await transact((tx) => queuePaymentRejected(tx, text(payload, 'payment_notice_id'), origin))
    },
    'notices:resend': async (payload, { transact }) => {
      demand(await transact((tx) => resendNotice(tx, text(payload, 'notice_id'), origin)))
    },
    'notices:deliver': (payload, context) =>
      deliverNotices(context, { ...services, origin }, texts(payload, 'notice_ids')),
  }
}
