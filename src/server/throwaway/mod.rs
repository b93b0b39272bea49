//! Where does a PostgreSQL to play with come from?
