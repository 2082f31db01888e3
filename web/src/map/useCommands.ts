// Hands the keys of the whole page to what they do.
import { onScopeDispose } from 'vue'
import { type Command, commandFor } from '../ui/keys'

// A page has the commands that make sense on it.
export type Commands = Partial<Record<Command, () => void>> & { layer: (n: number) => void }

export function useCommands(commands: Commands): void {
  const listen = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return
    const command = commandFor(event)
    if (command === null || (typeof command !== 'number' && !commands[command])) return
    // An open dialog has the keyboard to itself and closes on Escape.
    if (command !== 'escape' && document.querySelector('[role="dialog"][aria-modal="true"]')?.checkVisibility?.()) return
    if (command !== 'escape') event.preventDefault()
    if (typeof command === 'number') commands.layer(command)
    else commands[command]?.()
  }
  addEventListener('keydown', listen)
  onScopeDispose(() => removeEventListener('keydown', listen))
}
