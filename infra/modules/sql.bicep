@description('Name of the server.')
param serverName string

@description('Name of the database.')
param databaseName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Whether it can be reached from outside the virtual network.')
param publicAccess bool

@description('Object id of the administrator: a user, a group or an application of Microsoft Entra ID.')
param administratorId string

@description('Its name: the user principal name, the group\'s or the application\'s name.')
param administratorName string

@description('What the administrator is.')
param administratorType 'User' | 'Group' | 'Application'

@description('Name of the compute size: GP_S_Gen5 is serverless.')
param skuName string

@description('Service tier of the compute size.')
param skuTier string

@description('Largest number of virtual cores.')
param capacity int

@description('Smallest number of virtual cores of a serverless database, a decimal number.')
param minCapacity string

@description('Minutes without use after which a serverless database pauses; -1 for never.')
param autoPauseMinutes int

@description('Largest size, GiB.')
param maxSizeGiB int

@description('Where backups are kept.')
param backupRedundancy 'Geo' | 'GeoZone' | 'Local' | 'Zone'

var isServerless = startsWith(skuName, 'GP_S_')

resource server 'Microsoft.Sql/servers@2025-01-01' = {
  name: serverName
  location: location
  tags: tags
  properties: {
    version: '12.0'
    minimalTlsVersion: '1.2'
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    administrators: {
      administratorType: 'ActiveDirectory'
      azureADOnlyAuthentication: true
      login: administratorName
      principalType: administratorType
      sid: administratorId
      tenantId: tenant().tenantId
    }
  }
}

// Without a virtual network the functions come from addresses of Azure that change. Who may enter is decided by
// identity all the same; with private networking this rule is not there.
resource fromAzure 'Microsoft.Sql/servers/firewallRules@2025-01-01' = if (publicAccess) {
  parent: server
  name: 'AllowAllWindowsAzureIps'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
}

resource database 'Microsoft.Sql/servers/databases@2025-01-01' = {
  parent: server
  name: databaseName
  location: location
  tags: tags
  sku: {
    name: skuName
    tier: skuTier
    family: 'Gen5'
    capacity: capacity
  }
  properties: {
    autoPauseDelay: isServerless ? autoPauseMinutes : null
    minCapacity: isServerless ? json(minCapacity) : null
    maxSizeBytes: maxSizeGiB * 1073741824
    requestedBackupStorageRedundancy: backupRedundancy
    zoneRedundant: false
  }
}

@description('Resource id of the server.')
output id string = server.id

@description('Host name of the server.')
output host string = server.properties.fullyQualifiedDomainName

@description('Name of the database.')
output databaseName string = database.name
