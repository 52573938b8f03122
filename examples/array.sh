#!/bin/sh
# array.sh - one slice for each task of an array job: the same line for SLURM, AWS Batch, PBS, SGE and
# LSF, whose variables "auto" knows.
#
#	dataplug index reads.fastq.gz
#	dataplug partition reads.fastq.gz chunks n=100 -o slices.jsonl
#	sbatch --array=0-99 array.sh slices.jsonl results
#
# A failed task can be started again: its output is written whole or not at all.
set -eu
slices=$1
folder=$2
mkdir -p "$folder"
task=${SLURM_ARRAY_TASK_ID:-${AWS_BATCH_JOB_ARRAY_INDEX:-${PBS_ARRAY_INDEX:-${SGE_TASK_ID:-${LSB_JOBINDEX:-}}}}}
dataplug get "$slices" --slice auto -o "$folder/part-$task.fastq"
