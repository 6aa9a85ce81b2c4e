import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { ChangePreview } from './api-types.gen.ts'
import { ChangePreviewBox } from './change-preview.tsx'
import { SkeletonText } from './page.tsx'
import { toProblem } from './problem.ts'
import { Callout, ProblemAlert } from './problem-alert.tsx'
import { useSettled } from './use-settled.ts'

/**
 * A change of a service that is shown while it is chosen, and then done exactly as it was shown. `request` is null until
 * enough was chosen. What was shown may be outdated once it is sent: then it is shown anew, and nothing was done.
 */
export function useShownChange<Request extends object, Change>({
  serviceId,
  request,
  preview: readPreview,
  commit: send,
  onDone,
}: {
  serviceId: string
  request: Request | null
  preview: (change: Request, signal: AbortSignal) => Promise<ChangePreview>
  commit: (change: Request, token: string) => Promise<Change>
  onDone: (change: Change) => void
}) {
  const [outdated, setOutdated] = useState(false)
  const asked = useSettled(request, 250)
  const preview = useQuery({
    queryKey: ['services', serviceId, 'change-preview', asked],
    enabled: asked !== null,
    retry: false,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => readPreview(asked!, signal),
  })
  const current =
    request !== null &&
    JSON.stringify(request) === JSON.stringify(asked) &&
    preview.isSuccess &&
    !preview.isPlaceholderData &&
    !preview.isFetching
      ? preview.data
      : null
  const commit = useMutation({
    mutationFn: () => send(request!, current!.token),
    onSuccess: onDone,
    onError: (cause) => {
      if (toProblem(cause).code !== 'preview_outdated') return
      setOutdated(true)
      void preview.refetch()
    },
  })
  const problem = asked !== null && preview.error ? preview.error : null
  return {
    /** What is shown is what would be done now; null while it is not. */
    current,
    outdated,
    busy: commit.isPending,
    commitError: outdated ? null : commit.error,
    /** Something else was chosen. */
    touch: () => setOutdated(false),
    onSubmit: (event: FormEvent) => {
      event.preventDefault()
      if (current && !commit.isPending) commit.mutate()
    },
    /** For the part of the page that shows it. */
    live: {
      'aria-live': 'polite',
      'aria-busy': preview.isFetching,
      'data-stale': !current || undefined,
    } as const,
    /** Why it cannot be, in the words of the API. */
    refusal: problem && <Refusal error={problem} onRetry={preview.refetch} />,
    /** What it does and costs; `choose` stands there while nothing was chosen. */
    result: (choose: ReactNode, lines: number) =>
      request === null ? (
        choose
      ) : problem ? null : preview.data ? (
        <ChangePreviewBox preview={preview.data} />
      ) : (
        <SkeletonText lines={lines} />
      ),
  }
}

function Refusal({ error, onRetry }: { error: Error; onRetry: () => unknown }) {
  const { errors } = toProblem(error)
  if (!errors?.length) return <ProblemAlert error={error} onRetry={onRetry} />
  return (
    <Callout tone="warning">
      {errors.map((one) => (
        <p key={one.path}>{one.message}</p>
      ))}
    </Callout>
  )
}
