// Some thousand sessions a day. Storage, vault and database only from the virtual network; one fixed address that the
// appliances allow. Connect the network to yours (site-to-site VPN, ExpressRoute, peering) as you see fit.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'private')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param entraApplicationId = readEnvironmentVariable('ENTRA_APPLICATION_ID', '')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param sqlAdministratorId = readEnvironmentVariable('SQL_ADMINISTRATOR_ID', '')
param sqlAdministratorName = readEnvironmentVariable('SQL_ADMINISTRATOR_NAME', '')
param privateNetworking = true
param virtualNetworkPrefix = '10.90.0.0/24'
param dataStorageRedundancy = 'Standard_ZRS'
param hostStorageRedundancy = 'Standard_ZRS'
param sqlCapacity = 4
param sqlMaxSizeGiB = 250
param sqlBackupRedundancy = 'Zone'
param sqlAutoPauseMinutes = -1
param logRetentionDays = 90
param alertSilence = 'P1D'
