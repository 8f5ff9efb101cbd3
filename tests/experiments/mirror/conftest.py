from tests.mirrored import empty_mlflow, mlflow_file

__all__ = ["empty_mlflow", "mlflow_file"]
