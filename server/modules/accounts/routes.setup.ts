import { z } from 'zod'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { createContract, getContract, listContracts, updateContract } from './contracts.ts'
import { findDuplicates } from './duplicates.ts'
import {
  createSlaProfile,
  createThresholdProfile,
  getSlaProfile,
  getThresholdProfile,
  listSlaProfiles,
  listThresholdProfiles,
  updateSlaProfile,
  updateThresholdProfile,
} from './profiles.ts'
import {
  contractChange,
  contractInput,
  contractQuery,
  contractSchema,
  duplicateQuery,
  duplicateSchema,
  profileQuery,
  setupSchema,
  setupSkip,
  slaProfileChange,
  slaProfileInput,
  slaProfileSchema,
  thresholdProfileChange,
  thresholdProfileInput,
  thresholdProfileSchema,
} from './schemas.setup.ts'
import { dismissSetup, getSetup, skipStep } from './setup.ts'

/** What follows the creation of an account: the guide, contracts, profiles. */
export function registerAccountSetup(app: App): void {
  registerGuide(app)
  registerContracts(app)
  registerProfiles(app)
}

function registerGuide(app: App): void {
  const tag = 'Accounts'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/account-duplicates',
      operation: 'find_account_duplicates',
      summary: 'Find accounts that may be the one about to be created',
      description:
        'At most five, the likeliest first: same tax id, e-mail, mail domain or phone, or a similar name. Only suggests',
      tag,
      permission: 'accounts.read',
      query: duplicateQuery,
      response: z.object({ items: z.array(duplicateSchema) }),
    },
    async (tx, { query }) => ({ items: await findDuplicates(tx, query) }),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/setup',
      operation: 'get_account_setup',
      summary: 'Read how far the guided creation of an account came',
      description: 'Not found where the account was created without the guide',
      tag,
      permission: 'accounts.read',
      params: idParams,
      response: setupSchema,
    },
    (tx, { params }) => getSetup(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/setup/skip',
      operation: 'skip_setup_step',
      summary: 'Leave a step of the guide out; it can be taken up later',
      tag,
      permission: 'accounts.create',
      params: idParams,
      body: setupSkip,
      response: setupSchema,
    },
    (tx, { params, body }, _actor, { now }) => skipStep(tx, params.id, body.step, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/setup/dismiss',
      operation: 'dismiss_account_setup',
      summary: 'End the guide: what is open counts as left out',
      tag,
      permission: 'accounts.create',
      params: idParams,
      response: setupSchema,
    },
    (tx, { params }, _actor, { now }) => dismissSetup(tx, params.id, now),
  )
}

function registerContracts(app: App): void {
  const tag = 'Contracts'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contracts',
      operation: 'list_contracts',
      summary: 'List and find contracts',
      description: '`q` finds by the contract’s or the account’s name; accents are forgiven',
      tag,
      permission: 'contracts.read',
      query: contractQuery,
      response: pageOf(contractSchema),
    },
    (tx, { query }, _actor, { now }) => listContracts(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/contracts.csv',
      operation: 'export_contracts',
      summary: 'Export contracts',
      tag,
      permission: 'contracts.read',
      query: contractQuery,
      file: 'contracts',
    },
    (tx, query) => listContracts(tx, query, app.now()),
    {
      account_name: (row) => row.account_name,
      name: (row) => row.name,
      type: (row) => row.type,
      state: (row) => row.state,
      start_date: (row) => row.start_date,
      end_date: (row) => row.end_date,
      amount_minor_units: (row) => row.amount,
      currency: (row) => row.currency,
      included_minutes: (row) => row.included_minutes,
      sla_profile: (row) => row.sla_profile_name,
      business_unit: (row) => row.business_unit_name,
      archived_at: (row) => row.archived_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/contracts',
      operation: 'create_contract',
      summary: 'Record a contract with an account',
      tag,
      permission: 'contracts.write',
      params: idParams,
      body: contractInput,
      response: contractSchema,
      status: 201,
    },
    (tx, { params, body }, _actor, { now }) => createContract(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contracts/{id}',
      operation: 'get_contract',
      summary: 'Read a contract',
      tag,
      permission: 'contracts.read',
      params: idParams,
      response: contractSchema,
    },
    (tx, { params }, _actor, { now }) => getContract(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/contracts/{id}',
      operation: 'update_contract',
      summary: 'Change, end, archive or bring back a contract',
      tag,
      permission: 'contracts.write',
      params: idParams,
      body: contractChange,
      response: contractSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateContract(tx, params.id, body, now),
  )
}

function registerProfiles(app: App): void {
  const tag = 'Profiles'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/sla-profiles',
      operation: 'list_sla_profiles',
      summary: 'List SLA profiles',
      tag,
      permission: 'settings.read',
      query: profileQuery,
      response: pageOf(slaProfileSchema),
    },
    (tx, { query }) => listSlaProfiles(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/sla-profiles',
      operation: 'create_sla_profile',
      summary: 'Define how soon tickets are answered and resolved',
      tag,
      permission: 'settings.write',
      body: slaProfileInput,
      response: slaProfileSchema,
      status: 201,
    },
    (tx, { body }) => createSlaProfile(tx, body),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/sla-profiles/{id}',
      operation: 'get_sla_profile',
      summary: 'Read an SLA profile',
      tag,
      permission: 'settings.read',
      params: idParams,
      response: slaProfileSchema,
    },
    (tx, { params }) => getSlaProfile(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/sla-profiles/{id}',
      operation: 'update_sla_profile',
      summary: 'Change, archive or bring back an SLA profile',
      description: 'Targets are replaced as a whole; accounts that have the profile follow at once',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: slaProfileChange,
      response: slaProfileSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateSlaProfile(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/threshold-profiles',
      operation: 'list_threshold_profiles',
      summary: 'List alert threshold profiles',
      tag,
      permission: 'settings.read',
      query: profileQuery,
      response: pageOf(thresholdProfileSchema),
    },
    (tx, { query }) => listThresholdProfiles(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/threshold-profiles',
      operation: 'create_threshold_profile',
      summary: 'Define when devices raise alerts',
      tag,
      permission: 'settings.write',
      body: thresholdProfileInput,
      response: thresholdProfileSchema,
      status: 201,
    },
    (tx, { body }) => createThresholdProfile(tx, body),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/threshold-profiles/{id}',
      operation: 'get_threshold_profile',
      summary: 'Read an alert threshold profile',
      tag,
      permission: 'settings.read',
      params: idParams,
      response: thresholdProfileSchema,
    },
    (tx, { params }) => getThresholdProfile(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/threshold-profiles/{id}',
      operation: 'update_threshold_profile',
      summary: 'Change, archive or bring back an alert threshold profile',
      description: 'Thresholds are replaced as a whole; accounts that have the profile follow at once',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: thresholdProfileChange,
      response: thresholdProfileSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateThresholdProfile(tx, params.id, body, now),
  )
}
