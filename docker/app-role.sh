# Run by the image of PostgreSQL when it has made the database: the role that the app has.
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="$APP_PASSWORD" <<'SQL'
CREATE ROLE coffer_app LOGIN PASSWORD :'password';
SQL
