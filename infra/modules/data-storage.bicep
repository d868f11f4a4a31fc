@description('Name of the storage account of the data: files, staged reports and state.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Replication.')
param skuName 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GRS' | 'Standard_RAGRS' | 'Standard_GZRS' | 'Standard_RAGZRS'

@description('Whether it can be reached from outside the virtual network.')
param publicAccess bool

@description('Object id of the identity that works with it.')
param principalId string

@description('Containers for files. Each blob destination of the settings names one of them.')
param fileContainers string[]

@description('Name of the file share; empty for none.')
param shareName string

@description('Largest size of the share, GiB.')
param shareQuotaGiB int

@description('Days for which deleted blobs, containers, shares and overwritten versions can be had back.')
param softDeleteDays int

@description('Whether blobs in the containers for files can be neither changed nor removed for a time.')
param immutable bool

@description('For how many days that is.')
param immutabilityDays int

@description('Whether a lock keeps the account from being deleted.')
param deleteLock bool

@description('Log Analytics workspace for a record of every access to blobs; empty for none.')
param auditWorkspaceId string

// The code names it (shared/compose.ts).
var stagingContainer = 'staging'

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
var fileDataPrivilegedContributor = '69566ab7-960f-475b-8e7c-b3118f30c6bd' // Storage File Data Privileged Contributor

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
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource staging 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: stagingContainer
}

resource files 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = [
  for container in fileContainers: {
    parent: blobs
    name: container
    properties: {
      publicAccess: 'None'
      // Of each version by itself: a blob may be written again, what was there stays.
      immutableStorageWithVersioning: {
        enabled: immutable
      }
    }
  }
]

// Left open here: locking cannot be undone, so infra/scripts does it, when it is asked to by name.
resource retention 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2026-04-01' = [
  for (container, index) in fileContainers: if (immutable) {
    parent: files[index]
    name: 'default'
    properties: {
      immutabilityPeriodSinceCreationInDays: immutabilityDays
    }
  }
]

// Versions of staged reports are of no use to anybody, and what a killed run left is gone after a month.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'staging'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${stagingContainer}/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: 30
                }
              }
              version: {
                delete: {
                  daysAfterCreationGreaterThan: 1
                }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [
    blobs
  ]
}

// The tables of the state are made by the code on first use.
resource tables 'Microsoft.Storage/storageAccounts/tableServices@2026-04-01' = {
  parent: account
  name: 'default'
}

resource shares 'Microsoft.Storage/storageAccounts/fileServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    shareDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource share 'Microsoft.Storage/storageAccounts/fileServices/shares@2026-04-01' = if (!empty(shareName)) {
  parent: shares
  name: empty(shareName) ? 'none' : shareName
  properties: {
    accessTier: 'TransactionOptimized'
    enabledProtocols: 'SMB'
    shareQuota: shareQuotaGiB
  }
}

resource stagingRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(staging.id, principalId, blobDataContributor)
  scope: staging
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource filesRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (container, index) in fileContainers: {
    name: guid(account.id, container, principalId, blobDataContributor)
    scope: files[index]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    }
  }
]

// Of the whole account: the code makes its tables itself.
resource tableRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, tableDataContributor)
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
  }
}

resource shareRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(shareName)) {
  name: guid(account.id, principalId, fileDataPrivilegedContributor)
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      fileDataPrivilegedContributor
    )
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Recordings and session reports that must be kept.'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(auditWorkspaceId)) {
  name: 'audit'
  scope: blobs
  properties: {
    workspaceId: auditWorkspaceId
    logs: [
      {
        category: 'StorageRead'
        enabled: true
      }
      {
        category: 'StorageWrite'
        enabled: true
      }
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

@description('Resource id.')
output id string = account.id

@description('Blob address.')
output blobUrl string = account.properties.primaryEndpoints.blob

@description('Table address.')
output tableUrl string = account.properties.primaryEndpoints.table

@description('File address.')
output fileUrl string = account.properties.primaryEndpoints.file
