// Decides IAM questions: one JSON request a line on stdin, one JSON answer a line on stdout. Ends when stdin is closed.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { runSimulation } = createRequire(`${process.argv[2]}/`)('@cloud-copilot/iam-simulate')
const listed = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value])

// A value of a condition counts as used if a value of the request matched it. If the request does not have the
// condition's key, no value counts as used.
function matchedValues(condition) {
  if (condition.matchedBecauseMissing) return []
  const hasSetOperator = condition.unmatchedValues !== undefined // ForAllValues or ForAnyValue
  return listed(condition.values)
    .filter((each) => (hasSetOperator ? (each.matchingValues ?? []).length > 0 : each.matches))
    .map((each) => [condition.conditionKeyValue, each.value])
}

function used(statement) {
  const { explain } = statement
  const matched = (entries) => listed(entries).filter((each) => each.matches)
  return {
    statement: explain.identifier,
    actions: matched(explain.actions).map((each) => each.action),
    resources: matched(explain.resources).map((each) => each.resource),
    values: (explain.conditions ?? []).flatMap(matchedValues)
  }
}

// `resourcePolicy`: that of the resource, if it has one.
async function answer({ policies, resourcePolicy, principal, account, action, resource, context }) {
  const result = await runSimulation(
    {
      identityPolicies: policies.map((policy, index) => ({ name: `policy-${index}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy,
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context }
    },
    {}
  )
  if (result.resultType !== 'single') return { error: JSON.stringify(result.errors ?? result.resultType) }
  const allowed = result.overallResult === 'Allowed'
  return { allowed, used: allowed ? result.result.analysis.identityAnalysis?.allowStatements.map(used) ?? [] : [] }
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply
  try {
    reply = await answer(JSON.parse(line))
  } catch (error) {
    reply = { error: String(error) }
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}
