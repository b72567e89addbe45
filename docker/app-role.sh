# Run by the PostgreSQL image after it has created the database: creates the app's role.
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="$APP_PASSWORD" <<'SQL'
CREATE ROLE coffer_app LOGIN PASSWORD :'password';
SQL
