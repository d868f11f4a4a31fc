// As private, for recordings that must hold as evidence: blobs are kept as they are for seven years, copied to a second
// region, every access is recorded, and nobody can delete the account by mistake. The policy is locked only when
// lockImmutability is set to true, which cannot be undone: try it with a short time first.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'evidence')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param entraApplicationId = readEnvironmentVariable('ENTRA_APPLICATION_ID', '')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param sqlAdministratorId = readEnvironmentVariable('SQL_ADMINISTRATOR_ID', '')
param sqlAdministratorName = readEnvironmentVariable('SQL_ADMINISTRATOR_NAME', '')
param privateNetworking = true
param dataStorageRedundancy = 'Standard_GZRS'
param hostStorageRedundancy = 'Standard_ZRS'
param fileShareName = ''
param immutability = true
param immutabilityDays = 2555
param lockImmutability = false
param deleteLock = true
param auditLogs = true
param softDeleteDays = 90
param zoneRedundant = true
param alwaysReadyInstances = 2
param sqlCapacity = 8
param sqlMaxSizeGiB = 500
param sqlBackupRedundancy = 'GeoZone'
param sqlAutoPauseMinutes = -1
param logRetentionDays = 365
param alertSilence = 'PT6H'
