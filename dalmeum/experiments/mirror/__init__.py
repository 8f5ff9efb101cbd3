"""Run folders shown in MLflow: its server or its file mirrors them, and decides nothing."""
