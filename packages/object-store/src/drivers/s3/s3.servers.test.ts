import { describeObjectStore } from '../../port-suite.ts'
import { connectS3ObjectStore } from './index.ts'
import { newPlace } from './testing/s3-place.ts'

describeObjectStore('s3', async () => {
  const place = await newPlace()
  return {
    connect: () => connectS3ObjectStore({ ...place.options, conditionalPuts: 'native' }),
    [Symbol.asyncDispose]: () => place.remove(),
  }
})
