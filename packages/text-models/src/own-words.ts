/**
 * The words of its own that the segmentation of a model holds, by the parameters in its manifest (`features` of models on
 * rows, `tokens` of networks). Undefined where there are none, or where characters are read, which needs no segmentation.
 */
export function ownWordsOf(parameters: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  for (const reading of [parameters['features'], parameters['tokens']]) {
    const { analyzer, dictionary } = (reading ?? {}) as { readonly analyzer?: unknown; readonly dictionary?: unknown }
    if (analyzer !== 'char' && Array.isArray(dictionary) && dictionary.length > 0) return dictionary
  }
  return undefined
}
