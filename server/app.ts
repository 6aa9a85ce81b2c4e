import { boletoDriver, debitFileDriver, febrabanFormats } from './drivers/febraban/index.ts'
import { createMercadoPagoDriver } from './drivers/mercado-pago/driver.ts'
import { pixDriver, staticPixDriver } from './drivers/pix/index.ts'
import { createSandboxDriver } from './drivers/sandbox/driver.ts'
import { createSandboxJobs } from './drivers/sandbox/hooks.ts'
import { registerSandbox } from './drivers/sandbox/routes.ts'
import { createStripeDriver } from './drivers/stripe/driver.ts'
import {
  personalData as accessData,
  searchKinds as accessKinds,
  accessSchedule,
  createAccessJobs,
  registerAccessOffice,
  registerApiKeysPortal,
  registerSignInOffice,
  registerSignInPortal,
  registerViewAsPortal,
} from './modules/access/index.ts'
import {
  personalData as accountData,
  searchKinds as accountKinds,
  registerAccountsOffice,
  registerAccountsPortal,
  registerInvitationsPublic,
  registerMembersOffice,
  registerMembersPortal,
} from './modules/accounts/index.ts'
import {
  personalData as billingData,
  billingJobs,
  searchKinds as billingKinds,
  closingSchedule,
  createDocumentJobs,
  documentSchedule,
  ledgerJobs,
  ledgerSchedule,
  proformaJobs,
  proformaSchedule,
  registerBillingOffice,
  registerBillingPortal,
  registerLedgerOffice,
  registerSaleQuotes,
  subscriptionOrders,
} from './modules/billing/index.ts'
import {
  searchKinds as catalogueKinds,
  registerCatalogueOffice,
  registerCouponsOffice,
  registerTaxesOffice,
} from './modules/catalogue/index.ts'
import {
  personalData as changeData,
  changeJobs,
  changeOrders,
  changeSchedule,
  registerChangesOffice,
  registerChangesPortal,
} from './modules/changes/index.ts'
import {
  personalData as contractData,
  contractJobs,
  contractSchedule,
  registerContractsOffice,
  registerContractsPortal,
} from './modules/contracts/index.ts'
import {
  personalData as dunningData,
  dunningJobs,
  dunningSchedule,
  registerDunningOffice,
  registerDunningPortal,
} from './modules/dunning/index.ts'
import {
  createImportJobs,
  personalData as importData,
  registerImportsOffice,
} from './modules/imports/index.ts'
import {
  createNoticeJobs,
  personalData as noticeData,
  registerDunningPreview,
  registerNoticesOffice,
  registerNoticesPortal,
} from './modules/notices/index.ts'
import {
  offerOrderKinds,
  personalData as orderData,
  orderJobs,
  orderSchedule,
  searchKinds as orderSearchKinds,
  registerOrdersOffice,
  registerOrdersPortal,
} from './modules/orders/index.ts'
import {
  bankFileSchedule,
  createBankFileJobs,
  createDebitJobs,
  createIntentJobs,
  createPaymentJobs,
  createStatementJobs,
  type Drivers,
  debitSchedule,
  intentSchedule,
  type ProviderDriver,
  personalData as paymentData,
  searchKinds as paymentKinds,
  paymentSchedule,
  registerBankFilesOffice,
  registerDebitsOffice,
  registerPaymentsOffice,
  registerPaymentsPortal,
  registerPayPortal,
  registerProviderHooks,
  registerProvidersOffice,
  registerStatementsOffice,
  statementSchedule,
} from './modules/payments/index.ts'
import {
  createPrivacyJobs,
  personalData as privacyData,
  privacySchedule,
  registerPrivacyOffice,
  registerPrivacyPortal,
} from './modules/privacy/index.ts'
import {
  registerJobsOffice,
  registerReports,
  registerReportsOffice,
  registerReportsPortal,
} from './modules/reports/index.ts'
import { registerSearchOffice, searchJobs, searchSchedule } from './modules/search/index.ts'
import { registerSimulations } from './modules/simulations/index.ts'
import {
  registerRedemptionsOffice,
  registerRedemptionsPortal,
  registerSubscriptionsOffice,
  registerSubscriptionsPortal,
  personalData as subscriptionData,
  searchKinds as subscriptionKinds,
} from './modules/subscriptions/index.ts'
import {
  registerSupportOffice,
  registerSupportPortal,
  personalData as supportData,
  supportPackOrders,
} from './modules/support/index.ts'
import { registerUnitsOffice, registerUnitsPublic, searchKinds as unitKinds } from './modules/units/index.ts'
import {
  createWebhookJobs,
  registerWebhooksOffice,
  registerWebhooksPortal,
  personalData as webhookData,
  webhookListeners,
  webhookSchedule,
} from './modules/webhooks/index.ts'
import type { Config } from './platform/config.ts'
import { joinListeners, type Listeners, listen } from './platform/events.ts'
import type { FileStore } from './platform/files.ts'
import type { App } from './platform/http.ts'
import type { JobHandlers, Schedule } from './platform/jobs.ts'
import type { Mailer } from './platform/mail.ts'
import type { OrderKind } from './platform/order-kinds.ts'
import type { PersonalDataSource } from './platform/personal-data.ts'
import type { SearchKind } from './platform/search-kinds.ts'
import { createServer } from './platform/server.ts'

/** Everybody who takes money for us. */
const createDrivers = (config: Config): Drivers =>
  new Map(
    [
      createSandboxDriver({ config }),
      pixDriver,
      staticPixDriver,
      boletoDriver,
      debitFileDriver,
      createStripeDriver(),
      createMercadoPagoDriver(),
    ].map((driver: ProviderDriver) => [driver.kind, driver]),
  )

/** Everything that the search finds, in the order in which the office shows it. */
const searchKinds: SearchKind[] = [
  ...accountKinds,
  ...subscriptionKinds,
  ...billingKinds,
  ...orderSearchKinds,
  ...paymentKinds,
  ...catalogueKinds,
  ...accessKinds,
  ...unitKinds,
]

/** Everything that is stored about an account, in the order of its export. */
const personalData: PersonalDataSource[] = [
  ...accountData,
  ...accessData,
  ...subscriptionData,
  ...contractData,
  ...billingData,
  ...changeData,
  ...supportData,
  ...orderData,
  ...paymentData,
  ...dunningData,
  ...noticeData,
  ...webhookData,
  ...importData,
  ...privacyData,
]

/** What can be ordered: each kind is declared by the module that owns the product. */
const orderKinds: OrderKind[] = [subscriptionOrders, changeOrders, supportPackOrders]

/** The one explicit list of modules: their routes on each side, in the order of the house. */
const registrations: ((app: App, drivers: Drivers) => void)[] = [
  registerUnitsPublic,
  registerSignInPortal,
  registerSignInOffice,
  registerUnitsOffice,
  registerAccessOffice,
  registerApiKeysPortal,
  registerViewAsPortal,
  registerInvitationsPublic,
  registerAccountsPortal,
  registerMembersPortal,
  registerAccountsOffice,
  registerMembersOffice,
  registerCatalogueOffice,
  registerTaxesOffice,
  registerCouponsOffice,
  registerRedemptionsPortal,
  registerRedemptionsOffice,
  registerSubscriptionsPortal,
  registerSubscriptionsOffice,
  registerContractsPortal,
  registerContractsOffice,
  registerChangesPortal,
  registerChangesOffice,
  registerSupportPortal,
  registerSupportOffice,
  (app) => registerOrdersPortal(app, orderKinds),
  (app) => registerOrdersOffice(app, orderKinds),
  registerPaymentsPortal,
  registerPayPortal,
  registerPaymentsOffice,
  registerProvidersOffice,
  registerDebitsOffice,
  registerProviderHooks,
  registerSandbox,
  (app) => registerBankFilesOffice(app, febrabanFormats),
  registerStatementsOffice,
  registerDunningPortal,
  registerDunningOffice,
  registerDunningPreview,
  registerNoticesPortal,
  registerNoticesOffice,
  registerWebhooksPortal,
  registerWebhooksOffice,
  registerImportsOffice,
  registerBillingPortal,
  registerBillingOffice,
  registerLedgerOffice,
  registerSaleQuotes,
  registerSimulations,
  registerReportsPortal,
  registerReportsOffice,
  registerReports,
  registerJobsOffice,
  (app) => registerSearchOffice(app, searchKinds),
  registerPrivacyPortal,
  registerPrivacyOffice,
]

/** Who listens to what happened. */
const listeners: Listeners = {
  'password.requested': ['notices:send_password_link'],
  'password.changed': ['notices:send_password_changed'],
  'email.change_requested': ['notices:send_email_change'],
  'email.changed': ['notices:send_email_changed'],
  'sign_in_methods.changed': ['notices:send_sign_in_methods_changed'],
  'staff.invited': ['notices:send_invitation'],
  'member.invited': ['notices:send_member_invitation'],
  'ownership.offered': ['notices:send_ownership_offered'],
  'ownership.transferred': ['notices:send_ownership_transferred'],
  'account_change.decided': ['notices:send_account_change_decided'],
  'subscription.activated': ['contracts:charge_installation'],
  'contract.sent': ['notices:send_contract'],
  'contract.accepted': ['notices:send_contract_accepted'],
  'contract.expiring': ['notices:send_contract_expiring'],
  'change.scheduled': ['notices:send_change_scheduled'],
  'change.done': ['notices:send_change_done'],
  'change.failed': ['notices:send_change_failed'],
  'quote.offered': ['notices:send_quote_offered'],
  'order.placed': ['notices:send_order_placed'],
  'order.processed': ['notices:send_order_processed'],
  'order.failed': ['notices:send_order_failed'],
  'order.cancelled': ['payments:give_up_order'],
  'order.expired': ['payments:give_up_order', 'notices:send_order_expired'],
  'order.paid_late': ['notices:send_order_paid_late'],
  'invoices.issued': ['payments:make_boletos', 'notices:send_invoices'],
  'credit_notes.issued': ['notices:send_credit_notes'],
  'proformas.issued': ['notices:send_proformas'],
  'invoices.settled': ['payments:withdraw_paid_charges', 'dunning:look_for_paid'],
  'dunning.acted': ['notices:send_dunning'],
  'dunning.reactivated': ['notices:send_dunning_reactivated'],
  'payment.notified': ['notices:send_payment_notified'],
  'payment.approved': ['notices:send_payment_approved'],
  'payment.rejected': ['notices:send_payment_rejected'],
  'payment.refunded': ['notices:send_reversal'],
  'payment.charged_back': ['notices:send_reversal'],
  'payment_method.stored': ['notices:send_method_stored'],
  'payment_method.removed': ['notices:send_method_removed'],
  'payment_method.expiring': ['notices:send_method_expiring'],
  'payment_method.expired': ['notices:send_method_expired'],
  'debits.impossible': ['notices:send_debits_impossible'],
  'debits.announced': ['notices:send_debits_announced'],
  'debit.refused': ['notices:send_debits_refused'],
  'privacy_export.ready': ['notices:send_privacy_export_ready'],
  'webhook.disabled': ['notices:send_webhook_disabled'],
}

/** What background handlers need of the process that they run in. */
export type JobServices = {
  config: Config
  mailer: Mailer
  files: FileStore
  /** Who takes money, where it is not everybody: tests bring their own. */
  drivers?: Drivers
}

/** Every background handler, by task name. */
export function createJobHandlers(services: JobServices): JobHandlers {
  const { config } = services
  const taking = { config, drivers: services.drivers ?? createDrivers(config) }
  return {
    ...createAccessJobs(services.files),
    ...contractJobs,
    ...billingJobs,
    ...createDocumentJobs(services.files),
    ...ledgerJobs,
    ...proformaJobs,
    ...changeJobs,
    ...orderJobs,
    ...createPaymentJobs(services),
    ...createStatementJobs(services),
    ...createIntentJobs(taking),
    ...createDebitJobs(taking),
    ...createSandboxJobs(services),
    ...createBankFileJobs({ ...services, formats: febrabanFormats }),
    ...dunningJobs,
    ...createNoticeJobs(services),
    ...createWebhookJobs({ config: services.config, chance: Math.random }),
    ...createImportJobs(services.files),
    ...searchJobs,
    ...createPrivacyJobs({ ...services, ...taking }, personalData),
  }
}

/** What runs by the clock (UTC). */
export const schedule: Schedule = {
  ...closingSchedule,
  ...accessSchedule,
  ...ledgerSchedule,
  ...proformaSchedule,
  ...contractSchedule,
  ...changeSchedule,
  ...orderSchedule,
  ...documentSchedule,
  ...paymentSchedule,
  ...statementSchedule,
  ...intentSchedule,
  ...bankFileSchedule,
  ...debitSchedule,
  ...dunningSchedule,
  ...webhookSchedule,
  ...searchSchedule,
  ...privacySchedule,
}

/** Builds the server with every module's routes; it does not listen yet. */
export async function createApp({
  drivers: given,
  ...options
}: Parameters<typeof createServer>[0] & Pick<JobServices, 'drivers'>): Promise<App> {
  const drivers = given ?? createDrivers(options.config)
  listen(joinListeners(listeners, webhookListeners))
  offerOrderKinds(orderKinds)
  const app = await createServer(options)
  await app.server.after()
  for (const register of registrations) register(app, drivers)
  return app
}
