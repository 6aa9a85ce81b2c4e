import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, orThrow } from './api.ts'
import { mine } from './side.ts'
import { useProblemToast } from './toasts.tsx'

/** How one's own way in is guarded: e-mail, password, passkeys, authenticator app. */
export const securityQuery = queryOptions({
  queryKey: ['security'],
  queryFn: ({ signal }) => orThrow(api.GET(mine('/api/v1/portal/security'), { signal })),
})

/** Where one is signed in. */
export const ownSessionsQuery = queryOptions({
  queryKey: ['security', 'sessions'],
  queryFn: ({ signal }) => orThrow(api.GET(mine('/api/v1/portal/security/sessions'), { signal })),
})

/** A change of the way in: everything about it is read again, and a refusal appears as a toast unless the caller shows it. */
export function useSecurityChange<Input = void, Result = unknown>(
  send: (input: Input) => Promise<Result>,
  onDone?: (result: Result, input: Input) => void,
) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: send,
    onSuccess: async (result, input) => {
      await queryClient.invalidateQueries({ queryKey: ['security'] })
      onDone?.(result, input)
    },
    onError: useProblemToast(),
  })
}
