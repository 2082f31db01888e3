// What is being filled in: values, kept as a draft, and why it cannot be sent.
import { computed, ref, shallowRef, watch } from 'vue'
import { Refused, type Field, type Form } from './api'
import { Draft } from './draft'
import { type Fault, type Values, faultsOf, formOf } from './form'

export function useForm(name: string, fields: () => Field[], defaults: Values = {}) {
  const draft = new Draft(name)
  const restored = draft.begun
  const values = shallowRef<Values>({ ...defaults, ...draft.values })
  // Nobody is told what is missing before they have tried to send.
  const tried = ref(false)
  const busy = ref(false)
  const problem = ref('')
  const wrongField = ref('')
  const faults = computed(() => faultsOf(fields(), values.value))
  const form = computed<Form>(() => formOf(fields(), values.value))
  const faultOf = (field: string): Fault | undefined => (tried.value ? faults.value.find((fault) => fault.field === field) : undefined)
  // The service names a field by its path: form.point.lon, fields.satisfied.
  const isOf = (field: string) => wrongField.value.split('.').includes(field)
  const toldOf = (field: string) => (wrongField.value && isOf(field) ? problem.value : '')

  function set(field: string, value: Values[string]): void {
    values.value = { ...values.value, [field]: value }
    if (isOf(field)) wrongField.value = ''
  }

  watch(values, (now) => draft.keep(now))

  // send does what sends the form and tells whether it was done. Why not is in
  // problem, unless `explain` knows better.
  async function send(task: () => Promise<void>, explain: (refused: Refused) => Promise<string | null> | string | null): Promise<boolean> {
    tried.value = true
    problem.value = wrongField.value = ''
    if (faults.value.length || busy.value) return false
    busy.value = true
    try {
      await task()
      draft.drop()
      return true
    } catch (cause) {
      const refused = cause instanceof Refused ? cause : new Refused(0, (cause as Error).message, '', null)
      wrongField.value = refused.field
      problem.value = (await explain(refused)) ?? refused.message
      return false
    } finally {
      busy.value = false
    }
  }

  function drop(): void {
    draft.drop()
    values.value = { ...defaults }
    tried.value = false
  }

  return { values, restored, tried, busy, problem, faults, form, faultOf, toldOf, set, send, drop, keyFor: (body: unknown) => draft.keyFor(body) }
}
