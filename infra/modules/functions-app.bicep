@description('Name of the functions app.')
param name string

@description('Name of its plan.')
param planName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Version of Node.')
param nodeVersion string

@description('Memory of an instance, MB.')
param instanceMemoryMB 512 | 2048 | 4096

@description('Largest number of instances.')
param maximumInstanceCount int

@description('Instances that are kept running; 0 for none.')
param alwaysReadyInstances int

@description('Whether instances are spread over availability zones.')
param zoneRedundant bool

@description('Subnet for outgoing connections; empty for none.')
param subnetId string

@description('Address ranges that may call the app; empty for all.')
param allowedAddressRanges string[]

@description('Resource id of the identity.')
param identityId string

@description('Client id of the identity.')
param identityClientId string

@description('Container that the package is put into.')
param packageContainerUrl string

@description('Blob address of the host storage account.')
param hostBlobUrl string

@description('Queue address of the host storage account.')
param hostQueueUrl string

@description('Table address of the host storage account.')
param hostTableUrl string

@description('Blob address of the data storage account.')
param dataBlobUrl string

@description('Table address of the data storage account.')
param dataTableUrl string

@description('Address of the Key Vault.')
param keyVaultUrl string

@description('Client id of the Entra application that tokens for the API are issued for; empty: nobody may use the API.')
param entraApplicationId string

@description('Name of Application Insights.')
param insightsName string

@description('Least level of log lines that are kept.')
param logLevel 'debug' | 'info' | 'warn' | 'error'

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds the app of azure.yaml by this tag.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: nodeVersion
      }
      scaleAndConcurrency: {
        alwaysReady: alwaysReadyInstances == 0
          ? []
          : [
              {
                name: 'durable'
                instanceCount: alwaysReadyInstances
              }
            ]
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ipSecurityRestrictionsDefaultAction: empty(allowedAddressRanges) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: [
        for (range, index) in allowedAddressRanges: {
          name: 'allowed-${index}'
          action: 'Allow'
          ipAddress: range
          priority: 100 + index
        }
      ]
      // Those with inAzure of shared/app-settings.ts: a test compares them.
      appSettings: [
        {
          name: 'DATA_TABLE_URL'
          value: dataTableUrl
        }
        {
          name: 'DATA_BLOB_URL'
          value: dataBlobUrl
        }
        {
          name: 'KEY_VAULT_URL'
          value: keyVaultUrl
        }
        {
          name: 'AZURE_CLIENT_ID'
          value: identityClientId
        }
        {
          name: 'ENTRA_TENANT_ID'
          value: tenant().tenantId
        }
        {
          name: 'ENTRA_APPLICATION_ID'
          value: entraApplicationId
        }
        {
          name: 'AZURE_AUTHORITY_HOST'
          value: environment().authentication.loginEndpoint
        }
        {
          name: 'LOG_LEVEL'
          value: logLevel
        }
        {
          name: 'AzureWebJobsStorage__credential'
          value: 'managedidentity'
        }
        {
          name: 'AzureWebJobsStorage__clientId'
          value: identityClientId
        }
        {
          name: 'AzureWebJobsStorage__blobServiceUri'
          value: hostBlobUrl
        }
        {
          name: 'AzureWebJobsStorage__queueServiceUri'
          value: hostQueueUrl
        }
        {
          name: 'AzureWebJobsStorage__tableServiceUri'
          value: hostTableUrl
        }
        {
          name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
          value: insights.properties.ConnectionString
        }
        {
          name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
          value: 'ClientId=${identityClientId};Authorization=AAD'
        }
        {
          name: 'APPLICATION_INSIGHTS_NO_STATSBEAT'
          value: 'true'
        }
      ]
    }
  }
}

// Deployment is by identity alone.
resource ftpPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scmPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

@description('Name of the app.')
output name string = app.name

@description('Address of the app.')
output url string = 'https://${app.properties.defaultHostName}'
