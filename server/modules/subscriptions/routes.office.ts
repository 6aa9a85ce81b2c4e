import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { getBillingData, setBillingData } from './billing-data.ts'
import { correctSubscription } from './correction.ts'
import { registerPricesOffice } from './routes.prices.ts'
import { registerUsageOffice } from './routes.usage.ts'
import { createSubscription, listSalespeople } from './sale.ts'
import {
  activation,
  billingDataChange,
  billingDataSchema,
  salespeople,
  salespeopleQuery,
  subscriptionCorrection,
  subscriptionInput,
  subscriptionQuery,
  subscriptionSchema,
  subscriptionSummarySchema,
} from './schemas.ts'
import { getSubscription, listSubscriptions } from './subscriptions.ts'
import { activateSubscription, deleteSubscription } from './transitions.ts'

const tag = 'Subscriptions'

export function registerSubscriptionsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions',
      operation: 'list_subscriptions',
      summary: 'List and find subscriptions',
      description: '`q` finds by account, plan, contract number or external id; accents are forgiven',
      tag,
      permission: 'subscriptions.read',
      query: subscriptionQuery,
      response: pageOf(subscriptionSummarySchema),
    },
    (tx, { query }) => listSubscriptions(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/subscriptions.csv',
      operation: 'export_subscriptions',
      summary: 'Export subscriptions',
      tag,
      permission: 'subscriptions.read',
      query: subscriptionQuery,
      file: 'subscriptions',
      screen: { unit: 'business_unit' },
    },
    (tx, query) => listSubscriptions(tx, query),
    {
      contract_number: (row) => row.contract_number,
      external_id: (row) => row.external_id,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      number: (row) => row.number,
      business_unit: (row) => row.business_unit_name,
      product: (row) => row.product_name,
      plan: (row) => row.plan_name,
      kind: (row) => row.plan_kind,
      status: (row) => row.status,
      start_date: (row) => row.start_date,
      activation_date: (row) => row.activation_date,
      end_date: (row) => row.end_date,
      billing_mode: (row) => row.billing_mode,
      payment_method: (row) => row.payment_method,
      due_day: (row) => row.due_day,
      salesperson: (row) => row.salesperson_name,
      plan_value: (row) => moneyCell(row.plan_value, row.currency),
      discount: (row) => moneyCell(row.discount, row.currency),
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
      created_at: (row) => row.created_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/subscriptions',
      operation: 'create_subscription',
      summary: 'Subscribe an account to a plan',
      description:
        'Payment method and due day are those of the account’s first service; only for that one they are chosen here',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      body: subscriptionInput,
      response: subscriptionSchema,
      status: 201,
    },
    (tx, { params, body }, _actor, { now }) => createSubscription(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}',
      operation: 'get_subscription',
      summary: 'Read a subscription with all that its page shows',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      response: subscriptionSchema,
    },
    (tx, { params }) => getSubscription(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/subscriptions/{id}',
      operation: 'correct_subscription',
      summary: 'Correct a subscription’s data: administrative only, servers are not touched',
      description:
        'Start, installation, trial and billing mode only while no day was billed. The discount’s fields go together',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      body: subscriptionCorrection,
      response: subscriptionSchema,
    },
    (tx, { params, body }, _actor, { now }) => correctSubscription(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/subscriptions/{id}',
      operation: 'delete_subscription',
      summary: 'Delete a subscription that was a mistake and never invoiced',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
    },
    (tx, { params }, _actor, { now }) => deleteSubscription(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/activate',
      operation: 'activate_subscription',
      summary: 'It was installed',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      body: activation,
      response: subscriptionSchema,
    },
    async (tx, { params, body }, _actor, { now }) =>
      (await activateSubscription(tx, params.id, body, now)) ?? getSubscription(tx, params.id),
  )

  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/billing-data',
      operation: 'get_billing_data',
      summary: 'Read the payment method and due day that an account’s services share',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      response: billingDataSchema,
    },
    (tx, { params }) => getBillingData(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/accounts/{id}/billing-data',
      operation: 'set_billing_data',
      summary: 'Set payment method and due day of all services of an account together',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      body: billingDataChange,
      response: billingDataSchema,
    },
    (tx, { params, body }) => setBillingData(tx, params.id, body),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/salespeople',
      operation: 'list_salespeople',
      summary: 'List who may have sold, in a business unit or anywhere',
      tag,
      permission: 'subscriptions.read',
      query: salespeopleQuery,
      response: salespeople,
    },
    async (tx, { query }) => ({ items: await listSalespeople(tx, query.business_unit_id) }),
  )
  registerPricesOffice(app)
  registerUsageOffice(app)
}
