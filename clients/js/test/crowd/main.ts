// Ten people at a board for as long as one likes; exits with 1 where they do not see the same.
import { parseArgs } from 'node:util'
import { runCrowd } from './crowd.js'
import { report } from './report.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
  },
})
const result = await runCrowd({ seconds: Number(values.seconds), seed: Number(values.seed) })
console.log(report(result))
process.exit(result.isEqual ? 0 : 1)
