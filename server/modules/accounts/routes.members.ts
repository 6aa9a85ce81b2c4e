import { z } from 'zod'
import { isRefusal } from '../../platform/errors.ts'
import { type App, officeRoute, portalRoute, publicRoute } from '../../platform/http.ts'
import { id, idParams, pageOf } from '../../platform/schemas.ts'
import { getAccount } from './accounts.ts'
import {
  approveChangeRequest,
  getChangeRequest,
  listChangeRequests,
  rejectChangeRequest,
  withdrawAccountChange,
} from './change-requests.ts'
import {
  acceptInvitation,
  declineInvitation,
  inviteMember,
  inviteMemberAsStaff,
  joinByInvitation,
  listInvitations,
  readInvitation,
  resendInvitation,
  withdrawInvitation,
} from './invitations.ts'
import {
  changeRejection,
  changeRequestQuery,
  changeRequestSchema,
  invitationInput,
  invitationLink,
  invitationSchema,
  invitationToken,
  joinInput,
  ownContactChange,
  ownContactInput,
  ownContactSchema,
  ownershipOffer,
  ownershipTransferSchema,
  ownInvitationInput,
  ownMemberChange,
  ownMemberSchema,
} from './member-schemas.ts'
import { listOwnMembers, removeOwnMember, updateOwnMember } from './members.ts'
import { createOwnContact, deleteOwnContact, listOwnContacts, updateOwnContact } from './own-contacts.ts'
import {
  acceptOwnership,
  declineOwnership,
  getOwnershipTransfer,
  offerOwnership,
  withdrawOwnership,
} from './ownership.ts'

const users = 'Users of the account'
const account = 'Account'

/** Whoever follows the link of an invitation: nobody is signed in yet. */
export function registerInvitationsPublic(app: App): void {
  publicRoute(
    app,
    'portal',
    {
      method: 'GET',
      path: '/invitation-link',
      operation: 'read_invitation_link',
      summary: 'What an invitation to an account gives, and whether it still can',
      tag: users,
      perMinute: 30,
      query: invitationToken,
      response: invitationLink,
    },
    (tx, { query }) => readInvitation(tx, query.token),
  )
  publicRoute(
    app,
    'portal',
    {
      method: 'POST',
      path: '/invitation-link/join',
      operation: 'join_by_invitation',
      summary: 'Accept an invitation as somebody new: choose name and password, and be signed in',
      tag: users,
      perMinute: 20,
      body: joinInput,
    },
    async (tx, { body }, _actor, context) => {
      const opened = await joinByInvitation(tx, { ...context, side: 'customer' }, body)
      if (isRefusal(opened)) return opened
      context.setSession(opened.token, opened.expires)
      context.setDevice(opened.device.token, opened.device.expires)
    },
  )
  publicRoute(
    app,
    'portal',
    {
      method: 'POST',
      path: '/invitation-link/decline',
      operation: 'decline_invitation',
      summary: 'Decline an invitation to an account',
      tag: users,
      perMinute: 20,
      body: invitationToken,
    },
    (tx, { body }) => declineInvitation(tx, body.token),
  )
}

export function registerMembersPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/invitation-link/accept',
      operation: 'accept_invitation',
      summary: 'Accept an invitation to an account, signed in with the e-mail that was invited',
      tag: users,
      permission: 'any_user',
      session: 'person',
      body: invitationToken,
      response: z.object({ account_id: id }),
    },
    (tx, { body }, actor) => acceptInvitation(tx, actor, body.token),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/members',
      operation: 'list_members',
      summary: 'The users of the account; who does not manage users sees themselves',
      tag: users,
      permission: 'any_member',
      response: z.object({ items: z.array(ownMemberSchema) }),
    },
    async (tx, _input, actor) => ({ items: await listOwnMembers(tx, actor.account_id!) }),
  )
  portalRoute(
    app,
    {
      method: 'PATCH',
      path: '/members/{id}',
      operation: 'update_member',
      summary: 'Change what another user may do in the account',
      description: 'What is added, the caller holds themselves; ownership changes hands by a transfer alone',
      tag: users,
      permission: 'users',
      session: 'person',
      params: idParams,
      body: ownMemberChange,
    },
    (tx, { params, body }, actor) => updateOwnMember(tx, actor, params.id, body.permissions),
  )
  portalRoute(
    app,
    {
      method: 'DELETE',
      path: '/members/{id}',
      operation: 'remove_member',
      summary: 'Take another user’s access to the account away, or leave it',
      tag: users,
      permission: 'any_member',
      session: 'person',
      params: idParams,
    },
    (tx, { params }, actor) => removeOwnMember(tx, actor, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/invitations',
      operation: 'list_invitations',
      summary: 'Who was invited to the account and has not come yet',
      tag: users,
      permission: 'users',
      response: z.object({ items: z.array(invitationSchema) }),
    },
    async (tx, _input, actor) => ({ items: await listInvitations(tx, actor.account_id!) }),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/invitations',
      operation: 'invite_member',
      summary: 'Invite somebody to the account by e-mail',
      description: 'The answer is the same whether or not somebody signs in with that e-mail already',
      tag: users,
      permission: 'users',
      session: 'person',
      body: ownInvitationInput,
      response: invitationSchema,
      status: 201,
    },
    (tx, { body }, actor) => inviteMember(tx, actor, body),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/invitations/{id}/resend',
      operation: 'resend_invitation',
      summary: 'Send an invitation again, with a fresh link',
      tag: users,
      permission: 'users',
      session: 'person',
      params: idParams,
      response: invitationSchema,
    },
    (tx, { params }) => resendInvitation(tx, params.id),
  )
  portalRoute(
    app,
    {
      method: 'DELETE',
      path: '/invitations/{id}',
      operation: 'withdraw_invitation',
      summary: 'Take an invitation back',
      tag: users,
      permission: 'users',
      session: 'person',
      params: idParams,
    },
    (tx, { params }) => withdrawInvitation(tx, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/ownership-transfer',
      operation: 'get_ownership_transfer',
      summary: 'The latest offer of the account’s ownership: pending, or decided in the last two weeks',
      tag: users,
      permission: 'any_member',
      response: z.object({ transfer: ownershipTransferSchema.nullable() }),
    },
    async (tx, _input, actor) => ({ transfer: await getOwnershipTransfer(tx, actor.account_id!) }),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/ownership-transfers',
      operation: 'offer_ownership',
      summary: 'Offer the account’s ownership to another of its users',
      tag: users,
      permission: 'owner',
      session: 'person',
      body: ownershipOffer,
      response: ownershipTransferSchema,
      status: 201,
    },
    (tx, { body }, actor) => offerOwnership(tx, actor, body.member_id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/ownership-transfers/{id}/accept',
      operation: 'accept_ownership',
      summary: 'Become the owner of the account that was offered',
      tag: users,
      permission: 'any_member',
      session: 'person',
      params: idParams,
    },
    (tx, { params }) => acceptOwnership(tx, params.id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/ownership-transfers/{id}/decline',
      operation: 'decline_ownership',
      summary: 'Do not become the owner of the account that was offered',
      tag: users,
      permission: 'any_member',
      session: 'person',
      params: idParams,
    },
    (tx, { params }, actor) => declineOwnership(tx, actor, params.id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/ownership-transfers/{id}/withdraw',
      operation: 'withdraw_ownership',
      summary: 'Take the offer of the account’s ownership back',
      tag: users,
      permission: 'owner',
      session: 'person',
      params: idParams,
    },
    (tx, { params }, actor) => withdrawOwnership(tx, actor, params.id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/account-change-requests/{id}/withdraw',
      operation: 'withdraw_account_change',
      summary: 'Take back a change of the account’s details that waits for confirmation',
      tag: account,
      permission: 'owner',
      params: idParams,
    },
    (tx, { params }) => withdrawAccountChange(tx, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/contacts',
      operation: 'list_contacts',
      summary: 'The contacts of the account, and which notices each gets',
      tag: account,
      permission: 'any_member',
      response: z.object({ items: z.array(ownContactSchema) }),
    },
    async (tx, _input, actor) => ({ items: await listOwnContacts(tx, actor.account_id!) }),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/contacts',
      operation: 'create_contact',
      summary: 'Add a contact',
      tag: account,
      permission: 'owner',
      body: ownContactInput,
      response: ownContactSchema,
      status: 201,
    },
    (tx, { body }, actor) => createOwnContact(tx, actor.account_id!, body),
  )
  portalRoute(
    app,
    {
      method: 'PATCH',
      path: '/contacts/{id}',
      operation: 'update_contact',
      summary: 'Change a contact',
      tag: account,
      permission: 'owner',
      params: idParams,
      body: ownContactChange,
      response: ownContactSchema,
    },
    (tx, { params, body }, actor) => updateOwnContact(tx, actor.account_id!, params.id, body),
  )
  portalRoute(
    app,
    {
      method: 'DELETE',
      path: '/contacts/{id}',
      operation: 'delete_contact',
      summary: 'Remove a contact',
      tag: account,
      permission: 'owner',
      params: idParams,
    },
    (tx, { params }, actor) => deleteOwnContact(tx, actor.account_id!, params.id),
  )
}

export function registerMembersOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/invitations',
      operation: 'list_invitations',
      summary: 'Who was invited to an account and has not come yet',
      tag: 'Accounts',
      permission: 'accounts.read',
      params: idParams,
      response: z.object({ items: z.array(invitationSchema) }),
    },
    async (tx, { params }) => {
      const found = await getAccount(tx, params.id)
      return isRefusal(found) ? found : { items: await listInvitations(tx, params.id) }
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/invitations',
      operation: 'invite_member',
      summary: 'Invite somebody to an account by e-mail; as its owner only where it has none',
      tag: 'Accounts',
      permission: 'accounts.write',
      params: idParams,
      body: invitationInput,
      response: invitationSchema,
      status: 201,
    },
    (tx, { params, body }, actor) => inviteMemberAsStaff(tx, actor, params.id, body),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/invitations/{id}/resend',
      operation: 'resend_invitation',
      summary: 'Send an invitation to an account again, with a fresh link',
      tag: 'Accounts',
      permission: 'accounts.write',
      params: idParams,
      response: invitationSchema,
    },
    (tx, { params }) => resendInvitation(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/invitations/{id}',
      operation: 'withdraw_invitation',
      summary: 'Take an invitation to an account back',
      tag: 'Accounts',
      permission: 'accounts.write',
      params: idParams,
    },
    (tx, { params }) => withdrawInvitation(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/account-change-requests',
      operation: 'list_account_change_requests',
      summary: 'What customers asked to change of their details',
      tag: 'Accounts',
      permission: 'accounts.read',
      query: changeRequestQuery,
      response: pageOf(changeRequestSchema),
    },
    (tx, { query }) => listChangeRequests(tx, query) as never,
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/account-change-requests/{id}',
      operation: 'get_account_change_request',
      summary: 'Read what a customer asked to change',
      tag: 'Accounts',
      permission: 'accounts.read',
      params: idParams,
      response: changeRequestSchema,
    },
    (tx, { params }) => getChangeRequest(tx, params.id) as never,
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/account-change-requests/{id}/approve',
      operation: 'approve_account_change',
      summary: 'Confirm what a customer asked to change: it counts at once',
      tag: 'Accounts',
      permission: 'accounts.write',
      params: idParams,
      response: changeRequestSchema,
    },
    (tx, { params }, actor) => approveChangeRequest(tx, params.id, actor.user_id) as never,
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/account-change-requests/{id}/reject',
      operation: 'reject_account_change',
      summary: 'Refuse what a customer asked to change, with the reason that they read',
      tag: 'Accounts',
      permission: 'accounts.write',
      params: idParams,
      body: changeRejection,
      response: changeRequestSchema,
    },
    (tx, { params, body }, actor) => rejectChangeRequest(tx, params.id, body.reason, actor.user_id) as never,
  )
}
