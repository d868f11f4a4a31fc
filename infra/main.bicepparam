// What `azd up` uses: the small installation, and values of the azd environment (`azd env set NAME VALUE`).
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param entraApplicationId = readEnvironmentVariable('ENTRA_APPLICATION_ID', '')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param sqlAdministratorId = readEnvironmentVariable('SQL_ADMINISTRATOR_ID', readEnvironmentVariable('AZURE_PRINCIPAL_ID', ''))
param sqlAdministratorName = readEnvironmentVariable('SQL_ADMINISTRATOR_NAME', '')
