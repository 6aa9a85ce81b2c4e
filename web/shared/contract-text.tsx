import type { ReactNode } from 'react'
import type { ContractBlock, ContractSpan } from './api-types.gen.ts'
import styles from './contract-text.module.css'

/** A contract's text, as everybody reads it: headings below the page's own, lists and tables. Nothing in it is ever HTML. */
export function ContractText({ blocks, label }: { blocks: ContractBlock[]; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a text that scrolls by itself is reached by keyboard
    <section className={styles.text} aria-label={label} tabIndex={0}>
      {blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text keeps its order
        <Block key={index} block={block} />
      ))}
    </section>
  )
}

function Block({ block }: { block: ContractBlock }): ReactNode {
  switch (block.kind) {
    case 'heading': {
      const Heading = (['h3', 'h4', 'h5'] as const)[block.level - 1]!
      return (
        <Heading>
          <Spans spans={block.spans} />
        </Heading>
      )
    }
    case 'paragraph':
      return (
        <p>
          <Spans spans={block.spans} />
        </p>
      )
    case 'list': {
      const items = block.items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a list keeps its order
        <li key={index}>
          <Spans spans={item} />
        </li>
      ))
      return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>
    }
    case 'table':
      return (
        <table>
          {block.head.length > 0 && (
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a table keeps its order
                  <th key={index} scope="col">
                    <Spans spans={cell} />
                  </th>
                ))}
              </tr>
            </thead>
          )}
          <tbody>
            {block.rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a table keeps its order
              <tr key={at}>
                {row.map((cell, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a table keeps its order
                  <td key={index}>
                    <Spans spans={cell} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )
    case 'rule':
      return <hr />
  }
}

function Spans({ spans }: { spans: ContractSpan[] }): ReactNode {
  return spans.map(({ text, bold }, index) =>
    bold ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a line keeps its order
      <strong key={index}>{text}</strong>
    ) : (
      text
    ),
  )
}
