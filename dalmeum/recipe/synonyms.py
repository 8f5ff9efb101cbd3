"""What other tools call the keys of a recipe."""

from collections.abc import Mapping
from types import MappingProxyType

_BY_KEY = {
    "data.train": "train_file train_path train_data train_dataset training_data train_csv",
    "data.dev": "dev_file dev_path dev_data validation validation_file valid valid_file valid_path val "
    "eval_file eval_data eval_dataset",
    "data.test": "test_file test_path test_data predict_file",
    "data.unlabelled": "unlabeled unlabeled_data unlabelled_data unlabeled_file unlabelled_file",
    "data.columns": "column_names text_columns",
    "data.folds": "n_splits num_folds n_folds k_folds kfold k cv",
    "data.label_range": "label_scale score_range min_max",
    "data.max_train_pairs": "max_train_samples max_samples limit",
    "model.encoder": "model_name_or_path model_name model_id pretrained pretrained_model "
    "pretrained_model_name_or_path checkpoint backbone plm bert name_or_path",
    "model.kind": "model_type type architecture",
    "model.max_length": "max_seq_length max_seq_len max_len seq_len max_tokens",
    "loss.name": "loss_fn loss_function loss_name loss_type criterion objective",
    "loss.teacher": "teacher_model teacher_run distill_from",
    "loss.arguments": "loss_kwargs loss_args",
    "tasks.binary.threshold": "binary_threshold",
    "tasks.binary.weight": "binary_weight",
    "training.epochs": "epoch num_train_epochs num_epochs n_epochs max_epochs",
    "training.max_steps": "steps num_steps total_steps num_train_steps num_training_steps",
    "training.effective_batch_size": "batch_size train_batch_size batch bs per_device_train_batch_size "
    "per_gpu_train_batch_size batchsize",
    "training.micro_batch_size": "gradient_accumulation_steps accumulation_steps accumulate_grad_batches "
    "gradient_accumulation mini_batch_size chunk_size",
    "training.learning_rate": "lr rate peak_lr",
    "training.schedule": "lr_scheduler_type lr_scheduler scheduler lr_schedule",
    "training.warmup": "warmup_ratio warmup_steps warmup_proportion num_warmup_steps",
    "training.weight_decay": "wd l2",
    "training.layerwise_decay": "llrd layerwise_lr_decay layer_decay lr_decay",
    "training.max_gradient_norm": "max_grad_norm grad_clip gradient_clip_val clip_grad_norm",
    "training.evaluations_per_epoch": "eval_steps eval_strategy evaluation_strategy eval_every "
    "val_check_interval",
    "training.early_stopping": "patience early_stopping_patience",
    "training.group_by": "group_by_length length_grouping",
    "training.seed": "random_seed random_state manual_seed",
    "training.precision": "amp mixed_precision dtype torch_dtype",
    "training.precision=float16": "fp16 half",
    "training.precision=bfloat16": "bf16",
    "training.precision=float32": "fp32 tf32",
    "output": "output_dir out_dir save_dir output_folder out",
    "question": "description run_question",
}

SYNONYMS: Mapping[str, str] = MappingProxyType(
    {name: key for key, names in _BY_KEY.items() for name in names.split()}
)
"""A name of other tools, and the whole key of a recipe that means the same, with its value where the name is
one."""
