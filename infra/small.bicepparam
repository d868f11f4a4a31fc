// Some hundred sessions a day, one region, public addresses guarded by identity.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'small')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param entraApplicationId = readEnvironmentVariable('ENTRA_APPLICATION_ID', '')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param sqlAdministratorId = readEnvironmentVariable('SQL_ADMINISTRATOR_ID', '')
param sqlAdministratorName = readEnvironmentVariable('SQL_ADMINISTRATOR_NAME', '')
param instanceMemoryMB = 2048
param maximumInstanceCount = 10
param sqlCapacity = 1
param sqlMaxSizeGiB = 32
param logDailyQuotaGb = 1
