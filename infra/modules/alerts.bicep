@description('Names of resources end with this.')
param suffix string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Log Analytics workspace that has the logs.')
param workspaceId string

@description('Who is told; empty for nobody.')
param actionGroupId string

@description('How long no run may have succeeded before that is an alert.')
param silence 'PT1H' | 'PT2H' | 'PT6H' | 'PT12H' | 'P1D' | 'P2D'

// Log lines of the code are one JSON object each: shared/runs/console-log.ts. The messages and codes below are those of
// shared/log-events.ts; a test compares them.
var lines = 'AppTraces | where Message startswith "{" | extend line = parse_json(Message) | extend event = tostring(line.message), code = tostring(line.code), status = tostring(line.status)'

var rules = [
  {
    name: 'failed-runs'
    title: 'A run failed or is partial'
    severity: 2
    query: '${lines} | where event == "Run finished" and status in ("failed", "partial")'
    frequency: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'silence'
    title: 'No run has succeeded for too long'
    severity: 1
    query: '${lines} | where event == "Run finished" and status == "succeeded"'
    frequency: 'PT1H'
    window: silence
    operator: 'LessThan'
    threshold: 1
  }
  {
    name: 'ledger-growth'
    title: 'Files were set aside: they are not fetched by themselves for now'
    severity: 2
    query: '${lines} | where event == "Run finished" and toint(line.setAside) > 0'
    frequency: 'PT1H'
    window: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'missed-snapshots'
    title: 'A backup or another snapshot was never made'
    severity: 2
    query: '${lines} | where event == "A snapshot was missed: a later one takes its place."'
    frequency: 'PT1H'
    window: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'coverage'
    title: 'Something on an appliance is not stored, or could not be compared'
    severity: 1
    query: '${lines} | where event == "Not everything on the appliance is stored"'
    frequency: 'PT1H'
    window: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'clock-jump'
    title: 'The clock of an appliance jumped'
    severity: 3
    query: '${lines} | where event == "The clocks jumped against each other"'
    frequency: 'PT1H'
    window: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'access'
    title: 'An account, a certificate or an identity is refused'
    severity: 1
    query: '${lines} | where code in ("wrong-secret", "no-permission", "certificate", "secret-missing", "secret-expired", "no-access", "no-identity", "key-vault-forbidden", "key-vault-identity", "key-vault-address")'
    frequency: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'not-working'
    title: 'The functions cannot work, or met a defect'
    severity: 1
    query: '${lines} | where event in ("The functions cannot work", "A schedule could not be started", "Unexpected error", "Unexpected error in the API")'
    frequency: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${rule.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.title
      severity: rule.severity
      enabled: true
      scopes: [
        workspaceId
      ]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: empty(actionGroupId) ? [] : [actionGroupId]
      }
      autoMitigate: true
      // A new workspace has no rows yet.
      skipQueryValidation: true
    }
  }
]
