CREATE DATABASE mlflow OWNER heirloom;
