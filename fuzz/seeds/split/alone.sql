-- dbmigrate: no-transaction
VACUUM;
