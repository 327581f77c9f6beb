/** In a file of its own, so that the list of commands can show it without loading the platform. */
export const startDescription =
  'Runs the whole platform in one process, with a small demo shop when the data folder is new.'
