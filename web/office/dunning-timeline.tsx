import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { useTranslation } from 'react-i18next'
import { Menu } from '../shared/menu.tsx'
import styles from './dunning.module.css'
import { looksOfAction, type Step, useStepWords, wordsOfDay } from './dunning-words.tsx'

/** Near the due date a day is wide, far from it narrow: 3, 7 and 60 days after are told apart. */
const place = (day: number) => Math.sign(day) * Math.sqrt(Math.abs(day))

/** The steps before and after the due date, as marks on a line; those of one day stand over each other. */
export function StepsPlot({ steps }: { steps: Step[] }) {
  const { t } = useTranslation('dunning')
  if (steps.length === 0) return null
  const places = [0, ...steps.map((step) => place(step.day))]
  const [low, high] = [Math.min(...places), Math.max(...places)]
  const at = (day: number) => `${high === low ? 50 : ((place(day) - low) / (high - low)) * 100}%`
  const days = [...new Set(steps.map((step) => step.day))]
  const highest = Math.max(...days.map((day) => steps.filter((step) => step.day === day).length))
  return (
    <div
      className={styles.plot}
      role="img"
      aria-label={t('steps.plot')}
      style={{ '--above': `${highest * 2.125 + 0.75}rem` } as never}
    >
      <div className={styles.axis}>
        <div className={styles.due} style={{ left: at(0) }}>
          <span>{t('steps.due')}</span>
        </div>
        {days.map((day) =>
          steps
            .filter((step) => step.day === day)
            .map((step, index) => {
              const { icon: Icon, tone } = looksOfAction[step.action]
              return (
                <span
                  key={step.id}
                  className={styles.mark}
                  data-tone={tone}
                  title={`${wordsOfDay(t, day)}: ${t(`action.${step.action}`)}`}
                  style={{ left: at(day), bottom: `${index * 2.125 + 0.5}rem` }}
                >
                  <Icon size={16} aria-hidden />
                </span>
              )
            }),
        )}
        {days
          .filter((day) => day !== 0)
          .map((day) => (
            <span key={day} className={styles.tick} style={{ left: at(day) }}>
              {day > 0 ? `+${day}` : `−${-day}`}
            </span>
          ))}
      </div>
    </div>
  )
}

/** The steps one under the other; with `onEdit` they can be changed. */
export function StepsList({
  steps,
  currency,
  onEdit,
  onRemove,
}: {
  steps: Step[]
  currency: string
  onEdit?: (step: Step) => void
  onRemove?: (step: Step) => void
}) {
  const { t } = useTranslation('dunning')
  const words = useStepWords(currency)
  return (
    <ol className={styles.steps}>
      {steps.map((step) => {
        const { icon: Icon, tone } = looksOfAction[step.action]
        const name = `${t(`action.${step.action}`)}, ${wordsOfDay(t, step.day)}`
        return (
          <li key={step.id} className={styles.step}>
            <span className={styles.badge} data-tone={tone} aria-hidden>
              <Icon size={18} />
            </span>
            <span className={styles.when}>{wordsOfDay(t, step.day)}</span>
            <span className={styles.what}>
              <strong>{t(`action.${step.action}`)}</strong>
              <small>{words(step)}</small>
            </span>
            {onEdit && onRemove && (
              <Menu
                label={t('steps.actions', { step: name })}
                trigger={<IconDots size={18} aria-hidden />}
                items={[
                  { label: t('steps.edit'), icon: IconPencil, onClick: () => onEdit(step) },
                  { label: t('steps.remove'), icon: IconTrash, danger: true, onClick: () => onRemove(step) },
                ]}
              />
            )}
          </li>
        )
      })}
    </ol>
  )
}
