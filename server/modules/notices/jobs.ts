import type { Config } from '../../platform/config.ts'
import type { FileStore } from '../../platform/files.ts'
import { demand, type JobContext, type JobHandlers, type JobPayload } from '../../platform/jobs.ts'
import type { Mailer } from '../../platform/mail.ts'
import { signInChanges } from '../../platform/mail-params.ts'
import { chooseLanguage } from '../../platform/translations.ts'
import { queueChange } from './changes.ts'
import { queueContractAccepted, queueContractExpiring, queueContractSent } from './contracts.ts'
import { deliverNotices } from './delivery.ts'
import { queueDunningNotices, queueDunningReactivated } from './dunning.ts'
import { queueInvoiceNotices } from './invoices.ts'
import { resendNotice } from './mailbox.ts'
import {
  queueAccountChangeDecided,
  queueOwnershipOffered,
  queueOwnershipTransferred,
  sendMemberInvitation,
} from './members.ts'
import { queueOrder, queueOrderFailed, queueOrderPaidLate } from './orders.ts'
import { queuePaymentApproved, queuePaymentNotified, queuePaymentRejected } from './payments.ts'
import {
  sendEmailChange,
  sendEmailChanged,
  sendInvitation,
  sendPasswordChanged,
  sendRequestedPasswordLink,
  sendSignInMethodsChanged,
} from './personal.ts'
import { queuePrivacyExportReady } from './privacy.ts'
import {
  queueDebitsAnnounced,
  queueDebitsImpossible,
  queueDebitsRefused,
  queueMethod,
  queueReversal,
} from './takings.ts'
import { queueWebhookDisabled } from './webhooks.ts'

/** So many invoices are one transaction: a closing of thousands holds nothing open for long. */
const invoicesAtOnce = 200

const text = (payload: JobPayload, key: string) => String(payload[key])
const texts = (payload: JobPayload, key: string) => {
  const value = payload[key]
  return Array.isArray(value) ? value : []
}

/** What is written once is not written again, so that the next attempt of a job that stops in the middle goes on. */
async function inBatches(ids: readonly string[], write: (some: string[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < ids.length; at += invoicesAtOnce) await write(ids.slice(at, at + invoicesAtOnce))
}

/** The jobs that write and send mail. */
export function createNoticeJobs(services: {
  config: Config
  mailer: Mailer
  files: FileStore
}): JobHandlers {
  const origin = services.config.publicUrl
  const sendDocuments: (ids: string[], context: JobContext) => Promise<void> = async (
    ids,
    { transact, stopping },
  ) => {
    for (let at = 0; at < ids.length; at += invoicesAtOnce) {
      // What was written is not written again, so the next attempt goes on here.
      if (stopping()) throw new Error('stopping: the rest is written by the next attempt')
      await transact((tx) => queueInvoiceNotices(tx, ids.slice(at, at + invoicesAtOnce), origin))
    }
  }
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
    'notices:send_email_change': async (payload, { transact }) => {
      await transact((tx) =>
        sendEmailChange(tx, text(payload, 'user_id'), text(payload, 'new_email'), origin),
      )
    },
    'notices:send_email_changed': async (payload, { transact, now }) => {
      const change = {
        user_id: text(payload, 'user_id'),
        old_email: text(payload, 'old_email'),
        new_email: text(payload, 'new_email'),
      }
      await transact((tx) => sendEmailChanged(tx, change, now(), origin))
    },
    'notices:send_sign_in_methods_changed': async (payload, { transact, now }) => {
      const kind = signInChanges.find((one) => one === payload.change)
      if (!kind) throw new Error(`no change of signing in: ${payload.change}`)
      const passkey = typeof payload.name === 'string' ? payload.name : null
      const change = { user_id: text(payload, 'user_id'), change: kind, passkey }
      await transact((tx) => sendSignInMethodsChanged(tx, change, now(), origin))
    },
    'notices:send_change_scheduled': async (payload, { transact }) => {
      await transact((tx) => queueChange(tx, text(payload, 'change_id'), 'scheduled', origin))
    },
    'notices:send_change_done': async (payload, { transact }) => {
      await transact((tx) => queueChange(tx, text(payload, 'change_id'), 'done', origin))
    },
    'notices:send_quote_offered': async (payload, { transact }) => {
      await transact((tx) => queueOrder(tx, text(payload, 'order_id'), 'quote_offered', origin))
    },
    'notices:send_order_placed': async (payload, { transact }) => {
      await transact((tx) => queueOrder(tx, text(payload, 'order_id'), 'order_placed', origin))
    },
    'notices:send_order_processed': async (payload, { transact }) => {
      await transact((tx) => queueOrder(tx, text(payload, 'order_id'), 'order_processed', origin))
    },
    'notices:send_order_expired': async (payload, { transact }) => {
      await transact((tx) => queueOrder(tx, text(payload, 'order_id'), 'order_expired', origin))
    },
    'notices:send_order_paid_late': async (payload, { transact }) => {
      await transact((tx) => queueOrderPaidLate(tx, text(payload, 'order_id'), origin))
    },
    'notices:send_order_failed': async (payload, { transact }) => {
      await transact((tx) => queueOrderFailed(tx, text(payload, 'order_id'), origin))
    },
    'notices:send_change_failed': async (payload, { transact }) => {
      await transact((tx) => queueChange(tx, text(payload, 'change_id'), 'failed', origin))
    },
    'notices:send_invoices': (payload, context) => sendDocuments(texts(payload, 'invoice_ids'), context),
    'notices:send_credit_notes': (payload, context) =>
      sendDocuments(texts(payload, 'credit_note_ids'), context),
    'notices:send_proformas': (payload, context) => sendDocuments(texts(payload, 'invoice_ids'), context),
    'notices:send_payment_notified': async (payload, { transact }) => {
      await transact((tx) => queuePaymentNotified(tx, text(payload, 'payment_notice_id'), origin))
    },
    'notices:send_payment_approved': async (payload, { transact }) => {
      await transact((tx) => queuePaymentApproved(tx, text(payload, 'payment_id'), origin))
    },
    'notices:send_payment_rejected': async (payload, { transact }) => {
      await transact((tx) => queuePaymentRejected(tx, text(payload, 'payment_notice_id'), origin))
    },
    'notices:send_reversal': async (payload, { transact }) => {
      await transact((tx) => queueReversal(tx, text(payload, 'reversal_id'), origin))
    },
    'notices:send_method_stored': async (payload, { transact }) => {
      await transact((tx) =>
        queueMethod(tx, text(payload, 'stored_method_id'), 'payment_method_stored', origin),
      )
    },
    'notices:send_method_removed': async (payload, { transact }) => {
      await transact((tx) =>
        queueMethod(tx, text(payload, 'stored_method_id'), 'payment_method_removed', origin),
      )
    },
    'notices:send_method_expiring': async (payload, { transact }) => {
      await transact((tx) =>
        queueMethod(tx, text(payload, 'stored_method_id'), 'payment_method_expiring', origin),
      )
    },
    'notices:send_method_expired': async (payload, { transact }) => {
      await transact((tx) =>
        queueMethod(tx, text(payload, 'stored_method_id'), 'payment_method_expired', origin),
      )
    },
    'notices:send_debits_impossible': async (payload, { transact }) => {
      await inBatches(texts(payload, 'invoice_ids'), (ids) =>
        transact((tx) => queueDebitsImpossible(tx, ids, origin)),
      )
    },
    'notices:send_debits_announced': async (payload, { transact }) => {
      await inBatches(texts(payload, 'invoice_ids'), (ids) =>
        transact((tx) => queueDebitsAnnounced(tx, ids, origin)),
      )
    },
    'notices:send_debits_refused': async (payload, { transact }) => {
      await inBatches(texts(payload, 'debit_attempt_ids'), (ids) =>
        transact((tx) => queueDebitsRefused(tx, ids, origin)),
      )
    },
    'notices:send_contract': async (payload, { transact }) => {
      await transact((tx) =>
        queueContractSent(tx, text(payload, 'document_id'), payload.again === true, origin),
      )
    },
    'notices:send_contract_accepted': async (payload, { transact }) => {
      await transact((tx) => queueContractAccepted(tx, text(payload, 'document_id'), origin))
    },
    'notices:send_contract_expiring': async (payload, { transact }) => {
      const cause = {
        subscription_id: text(payload, 'subscription_id'),
        valid_until: Temporal.PlainDate.from(text(payload, 'valid_until')),
      }
      await transact((tx) => queueContractExpiring(tx, cause, origin))
    },
    'notices:send_privacy_export_ready': async (payload, { transact }) => {
      await transact((tx) => queuePrivacyExportReady(tx, text(payload, 'export_id'), origin))
    },
    'notices:send_webhook_disabled': async (payload, { transact }) => {
      const cause = { endpoint_id: text(payload, 'endpoint_id'), delivery_id: text(payload, 'delivery_id') }
      await transact((tx) => queueWebhookDisabled(tx, cause, origin))
    },
    'notices:send_dunning': async (payload, { transact, now }) => {
      await transact((tx) => queueDunningNotices(tx, text(payload, 'action_id'), now(), origin))
    },
    'notices:send_dunning_reactivated': async (payload, { transact }) => {
      const event = {
        account_id: text(payload, 'account_id'),
        action_id: text(payload, 'action_id'),
        subscription_ids: texts(payload, 'subscription_ids'),
      }
      await transact((tx) => queueDunningReactivated(tx, event, origin))
    },
    'notices:resend': async (payload, { transact }) => {
      demand(await transact((tx) => resendNotice(tx, text(payload, 'notice_id'), origin)))
    },
    'notices:deliver': (payload, context) =>
      deliverNotices(context, { ...services, origin }, texts(payload, 'notice_ids')),
  }
}
