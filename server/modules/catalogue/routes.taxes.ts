import { z } from 'zod'
import { isRefusal } from '../../platform/errors.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { endExemption, exemptAccount, listAccountTaxes } from './exemptions.ts'
import {
  accountTaxSchema,
  exemptionInput,
  exemptionParams,
  productTaxesInput,
  productTaxesQuery,
  productTaxesSchema,
  taxChange,
  taxInput,
  taxOrder,
  taxQuery,
  taxSchema,
} from './schemas.taxes.ts'
import { createTax, listProductTaxes, listTaxes, orderTaxes, setProductTaxes, updateTax } from './taxes.ts'

const tag = 'Taxes'

export function registerTaxesOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/taxes',
      operation: 'list_taxes',
      summary: 'List the taxes of business units',
      tag,
      permission: 'settings.read',
      query: taxQuery,
      response: z.object({ items: z.array(taxSchema) }),
    },
    async (tx, { query }) => ({ items: await listTaxes(tx, query.business_unit_id) }),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/taxes',
      operation: 'create_tax',
      summary: 'Create a tax',
      tag,
      permission: 'settings.write',
      body: taxInput,
      response: taxSchema,
      status: 201,
    },
    (tx, { body }) => createTax(tx, body),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/taxes/{id}',
      operation: 'update_tax',
      summary: 'Change, archive or bring back a tax',
      description:
        'Its rate changes only while no issued document charged it; documents keep the tax of their issue',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: taxChange,
      response: taxSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateTax(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/business-units/{id}/tax-order',
      operation: 'order_taxes',
      summary: 'Put the taxes of a business unit in an order',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: taxOrder,
    },
    (tx, { params, body }) => orderTaxes(tx, params.id, body.tax_ids),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/product-taxes',
      operation: 'list_product_taxes',
      summary: 'List which taxes the products of a business unit bear',
      tag,
      permission: 'settings.read',
      query: productTaxesQuery,
      response: pageOf(productTaxesSchema),
    },
    (tx, { query }) => listProductTaxes(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/products/{id}/taxes',
      operation: 'set_product_taxes',
      summary: 'Set which taxes a product bears',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: productTaxesInput,
      response: productTaxesSchema,
    },
    (tx, { params, body }) => setProductTaxes(tx, params.id, body.tax_ids),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/taxes',
      operation: 'list_account_taxes',
      summary: 'List the taxes of an account, and which it is exempt from',
      tag,
      permission: 'accounts.read',
      params: idParams,
      response: z.object({ items: z.array(accountTaxSchema) }),
    },
    async (tx, { params }, _actor, { now }) => {
      const items = await listAccountTaxes(tx, params.id, now)
      return isRefusal(items) ? items : { items }
    },
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/accounts/{id}/tax-exemptions/{tax_id}',
      operation: 'exempt_account',
      summary: 'Exempt an account from a tax',
      tag,
      permission: 'documents.write',
      params: exemptionParams,
      body: exemptionInput,
    },
    (tx, { params, body }, actor, { now }) =>
      exemptAccount(tx, params.id, params.tax_id, body, actor.user_id, now),
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/accounts/{id}/tax-exemptions/{tax_id}',
      operation: 'end_exemption',
      summary: 'End an account’s exemption from a tax',
      tag,
      permission: 'documents.write',
      params: exemptionParams,
    },
    (tx, { params }) => endExemption(tx, params.id, params.tax_id),
  )
}
