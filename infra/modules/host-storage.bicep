@description('Name of the storage account of the Functions host: its package, locks and the durable task hub.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Replication.')
param skuName 'Standard_LRS' | 'Standard_ZRS'

@description('Whether it can be reached from outside the virtual network.')
param publicAccess bool

@description('Object id of the identity that works with it.')
param principalId string

var packageContainerName = 'app-package'

// What the host of identity-based connections asks for: it makes its containers and takes leases in them.
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: skuName
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: publicAccess ? 'Allow' : 'Deny'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
}

resource packageContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: packageContainerName
}

resource roles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [blobDataOwner, queueDataContributor, tableDataContributor]: {
    name: guid(account.id, principalId, role)
    scope: account
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

@description('Resource id.')
output id string = account.id

@description('Where the package is put, as the functions app asks for it.')
output packageContainerUrl string = '${account.properties.primaryEndpoints.blob}${packageContainerName}'

@description('Blob address.')
output blobUrl string = account.properties.primaryEndpoints.blob

@description('Queue address.')
output queueUrl string = account.properties.primaryEndpoints.queue

@description('Table address.')
output tableUrl string = account.properties.primaryEndpoints.table
