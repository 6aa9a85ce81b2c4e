import { Checkbox, NumberInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ChangeChoices } from './api-types.gen.ts'
import styles from './change-options.module.css'

/** How many of each option, by its id; an option that is not wanted is not there. */
type ChosenOptions = Record<string, number>

type OptionOffered = {
  id: string
  name: string
  unit_amount: number
  cycle: Pick<ChangeChoices['options'][number], 'cycle_unit' | 'cycle_count'>
  countable: boolean
}

const componentsOf = (choices: ChangeChoices) =>
  choices.components.filter((one) => one.plan_option_id !== null)

/** The options that the service has now. */
export function startingOptions(choices: ChangeChoices): ChosenOptions {
  return Object.fromEntries(componentsOf(choices).map((one) => [one.plan_option_id, one.quantity]))
}

/** The options as a change asks for them; null where they are those that the service has. */
export function chosenOptions(choices: ChangeChoices, chosen: ChosenOptions) {
  const had = componentsOf(choices)
  const options = Object.entries(chosen).map(([plan_option_id, quantity]) => ({ plan_option_id, quantity }))
  const same =
    had.length === options.length && had.every((one) => chosen[one.plan_option_id ?? ''] === one.quantity)
  return same ? null : options
}

/** What can be chosen: the options of the plan, at the price that the service has them for, and what it has of old. */
function listOptions(choices: ChangeChoices): OptionOffered[] {
  const had = componentsOf(choices)
  const gone = had.filter((one) => !choices.options.some(({ id }) => id === one.plan_option_id))
  return [
    ...choices.options.map((option) => {
      const has = had.find((one) => one.plan_option_id === option.id)
      return {
        id: option.id,
        name: option.name,
        unit_amount: has?.unit_amount ?? option.unit_amount,
        cycle: has ?? option,
        countable: has ? has.countable : option.price_model !== 'flat' && option.cycle_unit !== 'once',
      }
    }),
    ...gone.map((one) => ({
      id: one.plan_option_id ?? '',
      name: one.description,
      unit_amount: one.unit_amount,
      cycle: one,
      countable: one.countable,
    })),
  ]
}

/** Which options a service shall have, and how many of each. `priceOf` says what one costs, in the words of the page. */
export function OptionChoice({
  legend,
  choices,
  chosen,
  onChange,
  priceOf,
}: {
  legend: string
  choices: ChangeChoices
  chosen: ChosenOptions
  onChange: (chosen: ChosenOptions) => void
  priceOf: (option: OptionOffered) => string
}) {
  const { t } = useTranslation('changes')
  const put = (id: string, quantity: number | null) => {
    const { [id]: _, ...others } = chosen
    onChange(quantity === null ? others : { ...others, [id]: quantity })
  }
  return (
    <fieldset className={styles.options}>
      <legend>{legend}</legend>
      {listOptions(choices).map((option) => (
        <div key={option.id} className={styles.option}>
          <Checkbox
            label={option.name}
            checked={chosen[option.id] !== undefined}
            onChange={(event) => put(option.id, event.currentTarget.checked ? 1 : null)}
          />
          <span className={styles.price}>{priceOf(option)}</span>
          {option.countable && chosen[option.id] !== undefined && (
            <NumberInput
              aria-label={t('form.quantity_of', { name: option.name })}
              size="xs"
              min={1}
              max={1_000_000}
              allowDecimal={false}
              value={chosen[option.id] ?? 1}
              onChange={(value) => put(option.id, Number.isInteger(value) ? (value as number) : 1)}
            />
          )}
        </div>
      ))}
    </fieldset>
  )
}
