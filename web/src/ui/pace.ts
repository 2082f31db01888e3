// pace runs a function at once and then at most once per period, always
// ending with a run after the last call: bursts cost little, nothing is lost.
export function pace(run: () => void, period: number): { call: () => void; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let again = false
  const tick = () => {
    timer = undefined
    if (!again) return
    again = false
    fire()
  }
  const fire = () => {
    timer = setTimeout(tick, period)
    run()
  }
  return {
    call: () => (timer === undefined ? fire() : void (again = true)),
    cancel: () => {
      clearTimeout(timer)
      timer = undefined
      again = false
    },
  }
}
