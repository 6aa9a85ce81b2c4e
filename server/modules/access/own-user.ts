import type { Tx } from '../../platform/database.ts'
import type { Language } from '../../platform/translations.ts'

/** Changes the name or language of the user who is signed in, on either side. */
export async function updateOwnUser(
  tx: Tx,
  userId: string,
  change: { name?: string | undefined; language?: Language | undefined },
): Promise<void> {
  if (change.name === undefined && change.language === undefined) return
  await tx.updateTable('users').set(change).where('id', '=', userId).execute()
}
