import { type App, portalRoute } from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import { ownChange, updateOwnUser } from '../access/index.ts'
import { listEnterable, switchAccount } from './accounts.ts'
import { getOwnAccount, updateOwnAccount } from './own-account.ts'
import { customerSession, ownAccountChange, ownAccountSchema } from './schemas.ts'

export function registerAccountsPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/session',
      operation: 'get_session',
      summary: 'Who is signed in, in which account, and what they may do there',
      tag: 'Sign-in',
      permission: 'any_user',
      response: customerSession,
    },
    async (tx, _input, actor) => ({ ...actor, accounts: (await listEnterable(tx, actor)) as never }),
  )
  portalRoute(
    app,
    {
      method: 'PATCH',
      path: '/session/user',
      operation: 'update_own_user',
      summary: 'Change one’s own name or language',
      tag: 'Sign-in',
      permission: 'any_user',
      session: 'person',
      body: ownChange,
    },
    (tx, { body }, actor) => updateOwnUser(tx, actor.user_id, body),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/enter',
      operation: 'switch_account',
      summary: 'Work in another account',
      tag: 'Account',
      permission: 'any_user',
      session: 'person',
      params: idParams,
    },
    (tx, { params }, actor) => switchAccount(tx, actor.session_id!, actor.user_id, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/account',
      operation: 'get_account',
      summary: 'Read the account',
      tag: 'Account',
      permission: 'any_member',
      response: ownAccountSchema,
    },
    (tx, _input, actor) => getOwnAccount(tx, actor.account_id!) as never,
  )
  portalRoute(
    app,
    {
      method: 'PATCH',
      path: '/account',
      operation: 'update_account',
      summary: 'Change the account’s details',
      tag: 'Account',
      permission: 'owner',
      body: ownAccountChange,
      response: ownAccountSchema,
    },
    (tx, { body }, actor) => updateOwnAccount(tx, actor, body) as never,
  )
}
