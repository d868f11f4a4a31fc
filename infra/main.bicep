// Everything of one installation in a resource group of its own. `azd up` uses it, and so does
// `az deployment sub create`. See docs/deployment.md.
targetScope = 'subscription'

@description('Name of the installation: lower-case letters, digits and hyphens.')
@minLength(1)
@maxLength(24)
param environmentName string

@description('Region.')
param location string

@description('Name of the resource group, which is made.')
param resourceGroupName string = 'rg-${environmentName}'

@description('Tags of every resource.')
param tags object = {}

@description('Version of Node that the functions run on.')
param nodeVersion string = '24'

@description('Memory of an instance of the functions app, MB.')
param instanceMemoryMB 512 | 2048 | 4096 = 2048

@description('Largest number of instances of the functions app.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that are kept running for runs. 0: an instance starts when there is work.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('Whether instances of the functions app are spread over availability zones.')
param zoneRedundant bool = false

@description('Least level of log lines that are kept.')
param logLevel 'debug' | 'info' | 'warn' | 'error' = 'info'

@description('Address ranges (CIDR) that may call the functions app, those of appliances that post events among them. Empty: all, with a token.')
param allowedAddressRanges string[] = []

@description('Object id of whoever sets this up: may put secrets into the vault. Empty for nobody.')
param principalId string = ''

@description('What that is.')
param principalType 'User' | 'Group' | 'ServicePrincipal' = 'User'

@description('Client id of the Entra application that tokens for the API are issued for, made by the pre-provision script. Empty: nobody may use the API.')
param entraApplicationId string = ''

@description('Whether the API may set secrets in the vault. If not, it only reads them.')
param secretsSetThroughApi bool = false

@description('Replication of the storage account of the Functions host.')
param hostStorageRedundancy 'Standard_LRS' | 'Standard_ZRS' = 'Standard_LRS'

@description('Replication of the data storage account.')
param dataStorageRedundancy
  | 'Standard_LRS'
  | 'Standard_ZRS'
  | 'Standard_GRS'
  | 'Standard_RAGRS'
  | 'Standard_GZRS'
  | 'Standard_RAGZRS' = 'Standard_LRS'

@description('Blob containers for files.')
param fileContainers string[] = ['files']

@description('Name of a file share. Empty for none.')
param fileShareName string = 'files'

@description('Largest size of the file share, GiB.')
@minValue(1)
@maxValue(102400)
param fileShareQuotaGiB int = 1024

@description('Days for which what was deleted can be had back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 14

@description('Whether stored blobs can be neither changed nor removed for immutabilityDays.')
param immutability bool = false

@description('Days for which stored blobs are kept as they are.')
@minValue(1)
@maxValue(146000)
param immutabilityDays int = 365

@description('Whether the post-provision script locks the immutability policy. This cannot be undone: the time can then only be made longer.')
param lockImmutability bool = false

@description('Whether a lock keeps the data storage account from being deleted.')
param deleteLock bool = false

@description('Whether every access to stored blobs is recorded in the Log Analytics workspace.')
param auditLogs bool = false

@description('Whether there is an Azure SQL database.')
param sqlEnabled bool = true

@description('Object id of the administrator of the SQL server. Microsoft Entra ID only: there are no SQL logins.')
param sqlAdministratorId string = principalId

@description('Name of the administrator of the SQL server: the user principal name, or the name of the group or application.')
param sqlAdministratorName string = ''

@description('What the administrator of the SQL server is.')
param sqlAdministratorType 'User' | 'Group' | 'Application' = 'User'

@description('Compute size of the database. GP_S_Gen5 is serverless, GP_Gen5 is not.')
param sqlSkuName 'GP_S_Gen5' | 'GP_Gen5' | 'BC_Gen5' = 'GP_S_Gen5'

@description('Largest number of virtual cores of the database.')
@minValue(1)
@maxValue(80)
param sqlCapacity int = 2

@description('Smallest number of virtual cores of a serverless database, a decimal number.')
param sqlMinCapacity string = '0.5'

@description('Minutes without use after which a serverless database pauses; -1 for never.')
@minValue(-1)
@maxValue(10080)
param sqlAutoPauseMinutes int = 60

@description('Largest size of the database, GiB.')
@minValue(1)
@maxValue(4096)
param sqlMaxSizeGiB int = 32

@description('Where backups of the database are kept.')
param sqlBackupRedundancy 'Geo' | 'GeoZone' | 'Local' | 'Zone' = 'Local'

@description('Private networking: virtual network, one fixed outgoing address, private endpoints; storage, vault and database cannot be reached from outside.')
param privateNetworking bool = false

@description('Address range of the virtual network, /24 or larger.')
param virtualNetworkPrefix string = '10.90.0.0/24'

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Largest amount of logs a day, GB; -1 for no limit.')
param logDailyQuotaGb int = -1

@description('Mail addresses that are told of alerts.')
param alertAddresses string[] = []

@description('How long no run may have succeeded before that is an alert.')
param alertSilence 'PT1H' | 'PT2H' | 'PT6H' | 'PT12H' | 'P1D' | 'P2D' = 'P2D'

var token = uniqueString(subscription().id, resourceGroupName, environmentName, location)
var suffix = '${environmentName}-${token}'
var allTags = union(tags, { 'azd-env-name': environmentName })
var zones = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  file: 'privatelink.file.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink.vaultcore.azure.net'
  sql: 'privatelink${environment().suffixes.sqlServerHostname}'
}
var sqlTiers = {
  GP_S_Gen5: 'GeneralPurpose'
  GP_Gen5: 'GeneralPurpose'
  BC_Gen5: 'BusinessCritical'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: 'id-${suffix}'
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
    alertAddresses: alertAddresses
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    actionGroupId: monitoring.outputs.actionGroupId
    silence: alertSilence
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  scope: group
  params: {
    name: 'sthost${token}'
    location: location
    tags: allTags
    skuName: hostStorageRedundancy
    publicAccess: !privateNetworking
    principalId: identity.outputs.principalId
  }
}

module dataStorage 'modules/data-storage.bicep' = {
  scope: group
  params: {
    name: 'stdata${token}'
    location: location
    tags: allTags
    skuName: dataStorageRedundancy
    publicAccess: !privateNetworking
    principalId: identity.outputs.principalId
    fileContainers: fileContainers
    shareName: fileShareName
    shareQuotaGiB: fileShareQuotaGiB
    softDeleteDays: softDeleteDays
    immutable: immutability
    immutabilityDays: immutabilityDays
    deleteLock: deleteLock
    auditWorkspaceId: auditLogs ? monitoring.outputs.workspaceId : ''
  }
}

module keyVault 'modules/key-vault.bicep' = {
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: allTags
    publicAccess: !privateNetworking
    principalId: identity.outputs.principalId
    functionsSetSecrets: secretsSetThroughApi
    administratorId: principalId
    administratorType: principalType
    auditWorkspaceId: monitoring.outputs.workspaceId
  }
}

module sql 'modules/sql.bicep' = if (sqlEnabled) {
  scope: group
  params: {
    serverName: 'sql-${token}'
    databaseName: 'sessions'
    location: location
    tags: allTags
    publicAccess: !privateNetworking
    administratorId: sqlAdministratorId
    administratorName: sqlAdministratorName
    administratorType: sqlAdministratorType
    skuName: sqlSkuName
    skuTier: sqlTiers[sqlSkuName]
    capacity: sqlCapacity
    minCapacity: sqlMinCapacity
    autoPauseMinutes: sqlAutoPauseMinutes
    maxSizeGiB: sqlMaxSizeGiB
    backupRedundancy: sqlBackupRedundancy
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: allTags
    addressPrefix: virtualNetworkPrefix
    zoneNames: [
      zones.blob
      zones.file
      zones.queue
      zones.table
      zones.vault
      zones.sql
    ]
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (privateNetworking) {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: allTags
    subnetId: network!.outputs.endpointSubnetId
    endpoints: [
      {
        name: 'host-blob'
        serviceId: hostStorage.outputs.id
        groupId: 'blob'
        zoneName: zones.blob
      }
      {
        name: 'host-queue'
        serviceId: hostStorage.outputs.id
        groupId: 'queue'
        zoneName: zones.queue
      }
      {
        name: 'host-table'
        serviceId: hostStorage.outputs.id
        groupId: 'table'
        zoneName: zones.table
      }
      {
        name: 'data-blob'
        serviceId: dataStorage.outputs.id
        groupId: 'blob'
        zoneName: zones.blob
      }
      {
        name: 'data-table'
        serviceId: dataStorage.outputs.id
        groupId: 'table'
        zoneName: zones.table
      }
      {
        name: 'data-file'
        serviceId: dataStorage.outputs.id
        groupId: 'file'
        zoneName: zones.file
      }
      {
        name: 'vault'
        serviceId: keyVault.outputs.id
        groupId: 'vault'
        zoneName: zones.vault
      }
    ]
  }
}

module sqlEndpoint 'modules/private-endpoints.bicep' = if (privateNetworking && sqlEnabled) {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: allTags
    subnetId: network!.outputs.endpointSubnetId
    endpoints: [
      {
        name: 'sql'
        serviceId: sql!.outputs.id
        groupId: 'sqlServer'
        zoneName: zones.sql
      }
    ]
  }
}

module functionsApp 'modules/functions-app.bicep' = {
  scope: group
  params: {
    name: 'func-${suffix}'
    planName: 'plan-${suffix}'
    location: location
    tags: allTags
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    zoneRedundant: zoneRedundant
    subnetId: privateNetworking ? network!.outputs.functionsSubnetId : ''
    allowedAddressRanges: allowedAddressRanges
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    packageContainerUrl: hostStorage.outputs.packageContainerUrl
    hostBlobUrl: hostStorage.outputs.blobUrl
    hostQueueUrl: hostStorage.outputs.queueUrl
    hostTableUrl: hostStorage.outputs.tableUrl
    dataBlobUrl: dataStorage.outputs.blobUrl
    dataTableUrl: dataStorage.outputs.tableUrl
    keyVaultUrl: keyVault.outputs.url
    entraApplicationId: entraApplicationId
    insightsName: monitoring.outputs.insightsName
    logLevel: logLevel
  }
  dependsOn: [
    privateEndpoints
  ]
}

// azd keeps these in its environment, where infra/scripts finds them.

@description('Resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Functions app.')
output FUNCTIONS_APP_NAME string = functionsApp.outputs.name

@description('Address of the functions app.')
output FUNCTIONS_APP_URL string = functionsApp.outputs.url

@description('Name of the identity of the functions.')
output IDENTITY_NAME string = identity.outputs.name

@description('Client id of the identity of the functions.')
output IDENTITY_CLIENT_ID string = identity.outputs.clientId

@description('Key Vault, for secrets that settings name.')
output KEY_VAULT_NAME string = keyVault.outputs.name

@description('Blob address, for destinations of the kind blob.')
output DATA_BLOB_URL string = dataStorage.outputs.blobUrl

@description('File address, for destinations of the kind share.')
output DATA_FILE_URL string = dataStorage.outputs.fileUrl

@description('Resource id of the data storage account.')
output DATA_STORAGE_ID string = dataStorage.outputs.id

@description('Containers for files, with commas between them.')
output FILE_CONTAINERS string = join(fileContainers, ',')

@description('Whether the post-provision script locks the immutability policy.')
output LOCK_IMMUTABILITY string = immutability && lockImmutability ? 'true' : 'false'

@description('Resource id of the SQL server; empty for none.')
output SQL_SERVER_ID string = sqlEnabled ? sql!.outputs.id : ''

@description('Host name of the SQL server; empty for none.')
output SQL_SERVER_HOST string = sqlEnabled ? sql!.outputs.host : ''

@description('Database; empty for none.')
output SQL_DATABASE string = sqlEnabled ? sql!.outputs.databaseName : ''

@description('Whether the SQL server can only be reached from the virtual network.')
output SQL_IS_PRIVATE string = privateNetworking ? 'true' : 'false'

@description('The address that appliances see; empty where it is not fixed.')
output EGRESS_ADDRESS string = privateNetworking ? network!.outputs.egressAddress : ''
