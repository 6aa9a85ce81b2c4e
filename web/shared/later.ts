import { useEffect, useState } from 'react'

/** A value as it was once it stood still for so long: what is typed is asked about only when the hands rest. */
export function useLater<Value>(value: Value, milliseconds = 350): Value {
  const [later, setLater] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return later
}
